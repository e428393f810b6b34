"""Terms of law and government: the specialist's words and everybody's."""

from typing import Final

SPECIALIST: Final = """
negligence, strict liability, liability, liable, tort, tortious, damages, injunction, injunctive, estoppel, promissory, consideration, breach, breach of contract, contract law, common law, civil law, statute, statutory, precedent, stare decisis, jurisdiction, jurisdictional, plaintiff, defendant, appellant, appellee, respondent, litigation, arbitration,
mediation clause, indemnity, indemnify, warranty, warranties, force majeure, severability, confidentiality clause, non-disclosure, nondisclosure, nda, non-compete, noncompete, intellectual property, copyright, trademark, patent, infringement, fair use, licensing, trade secret, defamation, libel, slander, privacy law, personal data, gdpr, data protection, ccpa,
hipaa, due process, equal protection, habeas corpus, judicial review, constitutional, unconstitutional, amendment, first amendment, fourth amendment, miranda, search and seizure, hearsay, admissible, admissibility, burden of proof, beyond a reasonable doubt, preponderance, mens rea, actus reus, felony, misdemeanor, manslaughter, homicide, larceny, robbery statute, burglary, conspiracy, entrapment,
self-defense, self-defence, plea bargain, indictment, subpoena, deposition, discovery request, motion to dismiss, summary judgment, class action, standing to sue, sovereign immunity, fiduciary, fiduciary duty, trustee, beneficiary, probate, intestate, testator, easement, covenant, adverse possession, zoning, eviction, evict, landlord, tenancy, tenant, lease agreement, sublet, security deposit, foreclosure, lien, mortgagee,
bankruptcy, chapter 11, insolvency, merger clause, antitrust, competition law, cartel, securities law, sarbanes, whistleblower, wrongful termination, unfair dismissal, severance, employment law, at-will, collective bargaining, discrimination, harassment, custody, alimony, prenuptial, divorce settlement, inheritance law, power of attorney, guardianship, asylum, deportation, extradition, visa status,
international law, treaty, treaties, un charter, geneva convention, war crimes, human rights, proportionality, subsidiarity, federalism, separation of powers, veto power, filibuster, impeachment, referendum, legislative, judiciary, regulatory, compliance, product liability, vicarious, respondeat superior, res ipsa, remedy, specific performance, rescission, unjust enrichment, quantum meruit, parol evidence, statute of frauds,
statute of limitations, terms of service, terms and conditions, cease and desist, cross-examination, voir dire, jurisprudence, legal positivism, natural law, rule of law, conflict of interest, attorney-client, legal argument, contract clause, legal basis, appeal court
"""

COMMON: Final = """
agreement, appeal, attorney, bail, bill of rights, charge, citizen, citizenship, clause, congress, constitution, contract, court, crime, criminal, democracy, dispute, election, enforce, evidence, federal, fine, fraud, government, guilty, illegal, inheritance, innocent, judge, judicial, jury, justice, law, lawful, lawsuit, lawyer, legal, legally, legislation, license, minor, negligent,
notary, offence, offense, ordinance, parliament, parliamentary, party, penalty, permit, police, policy, prison, prosecutor, regulation, rental, rights, ruling, senate, sentence, sue, sued, suing, supreme court, testify, testimony, theft, trial, verdict, violate, violation, vote, voting, will and testament, witness, deposit, refund, employer, neighbor, neighbour, landlord's
"""
