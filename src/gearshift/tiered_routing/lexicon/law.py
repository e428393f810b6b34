"""Terms of law and government: the specialist's words and everybody's."""

from typing import Final

SPECIALIST: Final = """
negligence, strict liability, liability, liable, tort, tortious, damages, injunction, injunctive, estoppel, promissory, consideration, breach, breach of contract, contract law, common law, civil law, statute, statutory, precedent, stare decisis, jurisdiction, jurisdictional, plaintiff, defendant, appellant, appellee, respondent, litigation, arbitration,
mediation clause, indemnity, indemnify, warranty, warranties, force majeure, severability, confidentiality clause, non-disclosure, nondisclosure, nda, non-compete, noncompete, intellectual property, copyright, trademark, patent, infringement, fair use, licensing, trade secret, defamation, libel, slander, privacy law, personal data, gdpr, data protection, ccpa,
hipaa, due process, equal protection, habeas corpus, judicial review, constitutional, unconstitutional, amendment, first amendment, fourth amendment, miranda, search and seizure, hearsay, admissible, admissibility, burden of proof, beyond a reasonable doubt, preponderance, mens rea, actus reus, felony, misdemeanor, manslaughter, homicide, larceny, robbery statute, burglary, conspiracy, entrapment,
self-defense, self-defence, plea bargain, indictment, subpoena, deposition, discovery request, motion to dismiss, summary judgment, class action, standing to sue, sovereign immunity, fiduciary, fiduciary duty, trustee, beneficiary, probate, intestate, testator, easement, covenant, adverse possession, zoning, eviction, evict, landlord, tenancy, tenant, lease agreement, sublet, security deposit, foreclosure, lien, mortgagee,
bankruptcy, chapter 11, insolvency, merger clause, antitrust, competition law, cartel, securities law, sarbanes, whistleblower, wrongful termination, unfair dismissal, severance, employment law, at-will, collective bargaining, discrimination, harassment, custody, alimony, prenuptial, divorce settlement, inheritance law, power of attorney, guardianship, asylum, deportation, extradition, visa status,
international law, treaty, treaties, un charter, geneva convention, war crimes, human rights, proportionality, subsidiarity, federalism, separation of powers, veto power, filibuster, impeachment, referendum, legislative, judiciary, regulatory, compliance, product liability, vicarious, respondeat superior, res ipsa, remedy, specific performance, rescission, unjust enrichment, quantum meruit, parol evidence, statute of frauds,
statute of limitations, terms of service, terms and conditions, cease and desist, cross-examination, voir dire, jurisprudence, legal positivism, natural law, rule of law, conflict of interest, attorney-client, legal argument, contract clause, legal basis, appeal court,
lessor, lessee, subtenant, squatter, rent increase, rent control, notice period, notice to quit, break clause, dilapidations, quiet enjoyment,
habitability, mold in, mould in, party wall, right of way, boundary dispute, title deed, conveyancing, escrow, earnest money, closing costs,
quitclaim, homeowners association, hoa, planning permission, building permit, squatters rights, eminent domain, compulsory purchase, nuisance,
trespass, encroach, encroachment, shared driveway, constructive dismissal, redundancy, settlement agreement, gross misconduct, garden leave,
restrictive covenant, non-solicitation, nonsolicit, noncompetes, independent contractor, worker status, misclassification, overtime pay,
unpaid wages, unpaid overtime, wage theft, retaliation, hostile work environment, reasonable accommodation, ada, fmla, maternity leave,
parental leave, zero-hours, works council, trade union, strike action, employment tribunal, labour law, labor law, breached, breaching, sued, suing,
lawsuit, litigate, liabilities, indemnification, hold harmless, limitation of liability, limitation clause, liquidated damages, penalty clause,
consequential loss, entire agreement, governing law, choice of law,  forum selection, arbitration clause, arbitral, arbitrator, arbitral award,
new york convention, letter of intent, term sheet, binding contract,  enforceable, unenforceable, voidable,  misrepresentation,
undue influence, duress, unconscionable, frustration of contract, impossibility, mitigation, mitigate damages, offer and acceptance, privity,
third-party rights, assignment, novation, subrogation, implied term, merchantability, lemon law, consumer rights, cooling-off, withdrawal right,
chargeback, refund policy, false advertising, unfair terms, unfair competition, passing off, trade dress, trade mark, design right, prior art,
patentable, obviousness, inventive step, patent troll, copyrighted, derivative work, work for hire, moral rights, public domain, creative commons,
gpl, copyleft, open source licence, open source license, dmca, takedown, right of publicity, right to be forgotten, data controller, data processor,
data subject, lawful basis, legitimate interest, consent form, privacy policy,  wiretap, child support, visitation, parental rights,
paternity, adoption, foster, annulment, prenup, postnuptial, community property, marital property, equitable distribution, maintenance payments,
restraining order, domestic violence, executor,  trust deed, revocable, irrevocable, disinherit, forced heirship, per stirpes, residuary,
life interest, living will, advance directive, codicil, inheritance tax, intestacy, heirs,  bequest, probate court, conservatorship,
guardianship order, capacity act, criminal liability, strict product, recklessness,  intoxication defence, insanity defence, insanity defense,
duress defence, necessity defence, provocation, accomplice, accessory,  conspiracy charge, joint enterprise, double jeopardy,
exclusionary rule, unlawful search, warrant, search warrant, probable cause, reasonable suspicion, miranda rights, right to silence,
self-incrimination, confession,  sentencing, mandatory minimum, parole, probation, bail conditions, expunge, expungement, extradite, sanctions,
embargo, export control, anti-money laundering, aml, kyc, bribery, fcpa, insider trading, market abuse, prospectus, disclosure duty,
shareholder agreement, drag-along, tag-along, minority shareholder, piercing, corporate veil, limited liability, partnership agreement,
partnership deed, director's duties, directors duties, business judgment, derivative suit, oppression remedy, winding up, liquidation,
administration order, receivership, creditor, debtor, garnishment, chapter 7, chapter 13, discharge of debt, statute-barred, time-barred,
limitation period, small claims, class-action, pro se,  ripeness, mootness, certiorari, amicus, dissenting opinion, majority opinion,
obiter, ratio decidendi, textualism, originalism, purposive, legislative intent, delegated legislation, ultra vires, natural justice,
legitimate expectation, margin of appreciation, echr, charter rights, separation of church, establishment clause, commerce clause, free speech,
hate speech, incitement, contempt of court, perjury, obstruction, asylum seeker, refugee status, work permit, green card, h1b, overstay,
naturalization, naturalisation, dual citizenship, statelessness, state immunity, sovereignty, secession, self-determination, use of force,
law of the sea, territorial waters, exclusive economic zone, icc, icj, war crime, genocide, crimes against humanity, notarised, notarized, affidavit,
deposed, discovery, interrogatories, privileged, privilege, legal privilege, without prejudice, expert witness, chain of custody, hearsay exception,
cross-examine, jury nullification, class certification, punitive damages, pain and suffering, contributory negligence, comparative negligence,
duty of care, standard of care, proximate cause, causation, foreseeability, but-for, assumption of risk,  liability waiver, malpractice,
medical negligence, informed consent, wrongful death, slip and fall, dog bite, occupiers liability, workers compensation, personal injury, whiplash,
insurance claim, bad faith, subrogated, policy exclusion, duty to disclose, good faith, at fault
"""

COMMON: Final = """
agreement, appeal, attorney, bail, bill of rights, charge, citizen, citizenship, clause, congress, constitution, contract, court, crime, criminal, democracy, dispute, election, enforce, evidence, federal, fine, fraud, government, guilty, illegal, inheritance, innocent, judge, judicial, jury, justice, law, lawful, lawsuit, lawyer, legal, legally, legislation, license, minor, negligent,
notary, offence, offense, ordinance, parliament, parliamentary, party, penalty, permit, police, policy, prison, prosecutor, regulation, rental, rights, ruling, senate, sentence, sue, sued, suing, supreme court, testify, testimony, theft, trial, verdict, violate, violation, vote, voting, will and testament, witness, deposit, refund, employer, neighbor, neighbour, landlord's,
bylaws, defendant, legalese, settlement, solicitor, barrister, magistrate, custody, will, heir, rent, lease, flat, apartment, landlord, employee,
boss, invoice, warrant, copyright, licence, contractual, signed, signature, clauses, delivery, builder, contractor, freelancer, seller, buyer,
insurer, insurance, gdpr, court case, claim, claims, damage
"""
