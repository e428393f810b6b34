"""Terms of history, philosophy, languages, arts and society: the specialist's words and everybody's."""

from typing import Final

SPECIALIST: Final = """
epistemology, epistemological, ontology, ontological, metaphysics, metaphysical, deontology, deontological, utilitarian, utilitarianism, consequentialism, categorical imperative, kant, kantian, hegel, hegelian, nietzsche, heidegger, wittgenstein, plato, platonic, aristotle, aristotelian, descartes, cartesian, hume, spinoza, leibniz, existentialism, existentialist, phenomenology, stoicism, stoic, nihilism, free will,
determinism, compatibilism, trolley problem, virtue ethics, social contract, rawls, veil of ignorance, dialectic, dialectical, rhetoric, rhetorical, hermeneutics, structuralism, post-structuralism, postmodern, postmodernism, deconstruction, semiotics, feminist theory, marxism, marxist, capitalism, socialism, communism, liberalism, neoliberalism, fascism, totalitarianism, nationalism, imperialism, colonialism, postcolonial, decolonization,
industrial revolution, french revolution, russian revolution, enlightenment, reformation, counter-reformation, renaissance, feudalism, feudal, mercantilism, manorial, crusades, ottoman, byzantine, roman empire, roman republic, ming dynasty, meiji, weimar, treaty of versailles, congress of vienna, cold war, world war, civil war, historiography, historiographical, historian, historians, primary source, secondary source, causation, narrator, narrative, unreliable narrator, metaphor,
symbolism, allegory, irony, satire, iambic, pentameter, sonnet form, villanelle, free verse, stanza, rhyme scheme, metre, meter and rhyme, foreshadowing, protagonist, antagonist, motif, intertextuality, stream of consciousness, modernism, romanticism, realism, impressionism, expressionism, cubism, baroque, gothic, counterpoint, fugue, sonata, chord progression, harmony, modal, syntax tree, morphology, phonology, phoneme, allophone, pragmatics, semantics, sociolinguistics, etymology,
subjunctive, conjugation, declension, dative, accusative, genitive, ergative, aspect, grammatical gender, case system, register, idiom, idiomatic, connotation, localization, localisation, transcreation, untranslatable, terminology, anthropology, ethnography, ethnographic, sociology, sociological, socialization, stratification, hegemony, discourse, secularization, theology, theological, theodicy, exegesis, sect, schism, eschatology, ritual, archaeology, archaeological, neolithic, paleolithic, bronze age,
hominin, hunter-gatherer, demographic transition, urbanization, urbanisation, gentrification, geopolitics, geopolitical, realpolitik, deterrence, balance of power, soft power, hegemonic, electoral system, proportional representation, first past the post, populism, polarization, institution, legitimacy, bureaucracy, welfare state, gerrymandering, containment, apartheid, abolition, suffrage, pedagogy, curriculum, constructivism, fallacy, syllogism, modus ponens, ad hominem, straw man, begging the question,
moral relativism, euthanasia, bioethics, animal rights, consciousness, qualia, mind-body, chinese room, personal identity, ship of theseus, thought experiment, paradox, induction problem, falsifiability, paradigm shift,
antigone, oedipus, hamlet, macbeth, odyssey, iliad, aeneid, dante, milton, chaucer, shakespeare, joyce, proust, kafka, dostoevsky, tolstoy, woolf,
faulkner, hemingway, austen, borges, marquez, beckett, brecht, ibsen, chekhov, camus, sartre, beauvoir, foucault, derrida, habermas, arendt, adorno,
benjamin, marx, weber, durkheim, bourdieu, machiavelli, hobbes, locke, rousseau, montesquieu,   bentham, schopenhauer, kierkegaard,
socrates, confucius, confucian, taoism, daoism, buddhism, augustine, aquinas, averroes, al-ghazali, pascal's wager, ontological argument,
problem of evil, gettier, is-ought, naturalistic fallacy, moral luck, moral realism, contractualism, effective altruism, repugnant conclusion,
original position, harm principle, paternalism,  civil disobedience, just war, collective guilt, free speech absolutism,
intergenerational justice, sorites, heap paradox, zeno, newcomb, prisoner's dilemma, tragedy of the commons,  catharsis, hubris, anagnorisis,
 dramatic irony, free indirect, magical realism, picaresque, bildungsroman, epistolary, frame narrative, ekphrasis, volta, enjambment,
caesura, assonance, consonance, alliterative, haibun, ghazal, sestina, pantoum, terza rima, ottava rima, blank verse, heroic couplet, dactylic,
trochaic, hexameter, tetrameter, scansion, slant rhyme, internal rhyme, leitmotif, atonal, twelve-tone, serialism, sonata form, cadence,
modulation to, voice leading, figured bass, counterpoint exercise, syncopation, polyrhythm, blues scale, jazz harmony, tritone, chiaroscuro,
 iconography, fresco, mannerism, rococo, bauhaus, brutalism, surrealism, dada, pop art, abstract expressionism, new wave, film noir,
montage, mise-en-scene, auteur, thirty years' war, hundred years' war, peloponnesian, punic, black death, magna carta, glorious revolution,
american revolution, haitian revolution, taiping, opium war, scramble for africa, congress system, bismarck, unification of, ancien regime,
napoleonic, habsburg, austro-hungarian, safavid, mughal, tokugawa, qing, song dynasty, tang dynasty, abbasid, umayyad, caliphate, carolingian,
holy roman, hanseatic, silk road, atlantic slave trade, slave trade, reconstruction era, new deal, great depression, appeasement, munich agreement,
holocaust, partition, decolonisation, suez crisis, cuban missile, vietnam war, detente, perestroika, glasnost, fall of the, collapse of the,
soviet union, rome fall, fall of rome, bronze age collapse, agricultural revolution, columbian exchange, printing press, industrialisation,
industrialization, luddites, chartism, enclosure, poor law,  prohibition, civil rights, feminism, suffragette, orientalism, subaltern,
microhistory, longue duree, annales, revisionist, counterfactual, great man, oral history, provenance, forgery, ranked choice, ranked-choice,
approval voting, condorcet, coalition government, filibustering, electoral college, swing voters, lobbying, federalist, constitutional monarchy,
coup, junta, theocracy, oligarchy, kleptocracy, technocracy, welfare, universal basic income, meritocracy, social mobility, cultural capital,
moral panic, social media, echo chamber, misinformation, disinformation, propaganda model, censorship, ergativity, absolutive, evidentiality,
polypersonal, agglutinative, polysynthetic, vowel harmony, tonal language, creole, pidgin, diglossia, code-switching, sound change, grimm's law,
great vowel shift, proto-indo-european, loanword, false friend, calque, collocation, politeness, honorific, keigo, tu and vous, subjunctive mood,
imperfect, preterite, aorist, perfective, imperfective, aspectual, topicalization, relative clause, ambiguity, implicature, speech act,
presupposition, deixis, sapir-whorf, chomsky, universal grammar, critical period, second language, bilingualism, no equivalent, legal german,
legal french, legal spanish, source text, target text, gender-neutral, dialect,  sociolect
"""

COMMON: Final = """
argument, art, artist, author, character, civilization, civilisation, colony, composer, country, culture, cultural, democracy, dictator, dynasty, education, emperor, empire, ethics, ethical, faith, film, freedom, genre, globalization, grammar, historical, history, ideology, immigration, independence, inequality, king, kingdom, language, linguistic, literary, literature, medieval, modern, monarchy, moral, morality, movement, museum, music, myth, mythology,
nation, novel, painting, peace, philosopher, philosophy, philosophical, play, poem, poet, poetry, political, politics, population, poverty, power, propaganda, religion, religious, republic, revolution, rhyme, ritual, sculpture, slavery, social, society, spelling, story, theory, tradition, translation, tribe, tense, universe, values, verb, vocabulary, war, western, writer, belief, church, century, ancient, military, soldier, treaty, human nature, happiness, justice,
economically, politically, socially, tourism, elections, parliament, europe, west, east, africa, asia, america, rome, greece, greek, roman, egypt,
china, japan, russia, germany, france, britain, soviet, capitalism, identity, meaning of life, love, death, grief, friendship, family, marriage,
parent, parents, mother, father, sister, brother, teenager, children, students, school, teacher, classroom, university, thesis, exam, scene, hero,
villain, chapter, lyrics, melody, chord, rhythm, translate, translator, dialect, accent, idiom, proverb, pun
"""
