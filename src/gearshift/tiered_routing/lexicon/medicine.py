"""Terms of medicine, psychology and health: the specialist's words and everybody's."""

from typing import Final

SPECIALIST: Final = """
aetiology, etiology, pathophysiology, pathology, pathogenesis, prognosis, differential diagnosis, diagnosis, comorbidity, contraindication, contraindicated, interaction, drug interaction, pharmacokinetics, pharmacodynamics, half life, bioavailability,
warfarin, heparin, anticoagulant, aspirin, ibuprofen, paracetamol, acetaminophen, metformin, insulin resistance, statin, beta blocker, ace inhibitor, lisinopril, amlodipine, ssri, antidepressant, benzodiazepine, opioid, methotrexate, steroid, prednisone, corticosteroid, antibiotic, amoxicillin,
antiviral, antifungal, chemotherapy, immunotherapy, radiotherapy, monoclonal, biopsy, mri, ct scan, ultrasound, ecg, ekg, echocardiogram, endoscopy, colonoscopy, creatinine, egfr, troponin, hemoglobin, haemoglobin, hba1c, ldl, triglycerides, tsh, potassium, sodium level, electrolyte imbalance, hypertension,
hypotension, tachycardia, bradycardia, arrhythmia, atrial fibrillation, myocardial infarction, heart failure, angina, stroke, ischemic, ischaemic, embolism, thrombosis, aneurysm, atherosclerosis, copd, asthma, pneumonia, tuberculosis, pulmonary, fibrosis, sepsis, septic, meningitis, encephalitis, hepatitis, cirrhosis,
pancreatitis, crohn, ulcerative colitis, celiac, irritable bowel, diabetes, diabetic, ketoacidosis, hypoglycemia, hyperglycemia, hypothyroidism, hyperthyroidism, cushing, addison, osteoporosis, arthritis, rheumatoid, lupus, autoimmune, multiple sclerosis, parkinson, alzheimer, dementia, epilepsy, seizure, migraine, neuropathy,
schizophrenia, bipolar, psychosis, anxiety disorder, adhd, ptsd, cognitive behavioral, cognitive behavioural, leukemia, lymphoma, carcinoma, metastasis, metastatic, tumor, tumour, oncology, anemia, anaemia, thrombocytopenia, hemophilia, sickle cell, preeclampsia, eclampsia, ectopic, gestational, neonatal, kidney disease, renal,
dialysis, nephrotic, glomerular, hepatic, immune response, immune system, antibody, antigen, t cell, cytokine, inflammation, inflammatory, anaphylaxis, vaccine efficacy, herd immunity, antimicrobial resistance, sensitivity and specificity, randomised, randomized, placebo, double-blind, meta-analysis, cohort, odds ratio, hazard ratio, epidemiology,
triage, intubation, anesthesia, anaesthesia, sutures, catheter, palliative, dosage, dosing, titrate, overdose, withdrawal, side effects, adverse, edema, oedema, dyspnea, jaundice, cyanosis, hematuria, palpitations, syncope, vertigo, numbness, chest pain, shortness of breath, blood thinner, beta-blocker, gastroenteritis, tetanus, malaria, influenza,
hormone replacement, endocrine, pituitary, cortisol, cardiovascular, neurological, psychiatric, pediatric, paediatric, geriatric, orthopedic, menopause, ovulation, infertility, polycystic, endometriosis, hippocampus, amygdala, dopamine, serotonin, operant conditioning, classical conditioning, attachment theory, cognitive dissonance, gut microbiome, carcinogenic, pathogen, virulence,
dyspnoea, dizzy, dizziness, tinnitus, tingling, weakness in, tia, headache with, aura, thunderclap, radiculopathy, sciatica, myelopathy,
cauda equina, delirium, ataxia, tremor, weight loss, night sweats, fatigue, ferritin, iron deficiency, b12, folate, platelet, neutropenia, leukaemia,
myeloma, staging of, checkpoint inhibitor, car-t, biologic, ascites, liver enzymes, gallstone, cholecystitis, appendicitis, diverticulitis, ibs, ibd,
coeliac, reflux, gerd, h pylori, peptic ulcer, gi bleed,  diarrhea, diarrhoea, ckd, proteinuria, nephritis, haematuria, uti,
pyelonephritis, kidney stone, hyponatremia, hyponatraemia, hyperkalemia, hyperkalaemia, hypokalemia, hypercalcemia, acidosis, alkalosis, anion gap,
blood gas, glp-1, sglt2, hypoglycaemia, hypothyroid, thyroid, adrenal, pcos, hrt, contraception, contraceptive, pregnancy, pregnant, breastfeeding,
pre-eclampsia, miscarriage, ivf, neonate, newborn, infant with, toddler with, febrile, fever, rash, eczema, psoriasis, urticaria, allergy testing,
inhaler, pulmonary embolism, dvt, anticoagulation, doac, apixaban, antiplatelet, statins,  diuretic, calcium channel, ejection fraction, afib,
st elevation, coronary, stent, valve replacement, aortic, blood pressure, orthostatic, lactate, shock, resuscitation, ventilator, sedation,
perioperative, postoperative, preoperative, wound care, pressure ulcer, antibiotic resistance, antimicrobial, mrsa, hiv,  hepatitis b,
hepatitis c, syphilis, dengue, vaccine, vaccination, immunocompromised, gout, osteoarthritis, fibromyalgia, back pain, knee pain, rotator cuff, acl,
fracture healing, rehabilitation, physiotherapy, depression, depressive, lithium, antipsychotic, addiction, naloxone, autism, ocd, eating disorder,
anorexia, cbt, psychotherapy, insomnia, sleep apnea, sleep apnoea, screening, false positive, sensitivity, specificity, number needed to treat,
relative risk, absolute risk, off-label, half-life, cyp3a4, polypharmacy, deprescribing, toxicity, antidote, comorbidities, hospice, end-of-life,
dnr, microbiome, prion, gene therapy, stem cell, transplant,  immunosuppressant
"""

COMMON: Final = """
allergy, allergic, anatomy, antibiotics, artery, baby, bleeding, blood, blood pressure, blood sugar, bone, brain, breathing, bruise, calorie, cancer, cardiac, cholesterol, chronic, clinical, cough, depression, diet, disease, disorder, dizzy, dizziness, doctor, dose, drug, exercise, fatigue, fever, flu, fracture, gland, headache, health,
healing, heart, hormone, hospital, illness, immune, immunity, infected, infection, injury, insomnia, insulin, intestine, joint, kidney, knee, liver, lung, medical, medication, medicine, mental health, metabolism, muscle, nausea, nerve, nurse, nutrition, obesity, organ, pain, painful, patient, pharmacist, pills, pregnancy, pregnant, prescribed, prescription,
psychology, psychological, rash, recovery, screening test, sleep, spine, stomach, stress, sugar, supplement, surgeon, surgery, swelling, swollen, symptom, syndrome, tablet, therapist, therapy, thyroid, tissue, toxic, transplant, treatment, trauma, vaccine, vaccination, vein, virus, viruses, vitamin, vomiting, weight loss, wound, caffeine, alcohol, addiction, personality, cognitive, memory loss, behavior, behaviour,
dosage, pill, test results, blood test, scan, mri, ct, ultrasound, x-ray, gp, anxiety, smoking, weight, skin, gut
"""
