"""Terms of the natural sciences and engineering: the specialist's words and everybody's."""

from typing import Final

SPECIALIST: Final = """
quantum, quantum mechanics, entanglement, superposition, wave function, wavefunction, schrodinger, heisenberg, uncertainty principle, photon, boson, fermion, quark,
lepton, neutrino, hadron, higgs, standard model, relativity, spacetime, general relativity, special relativity, time dilation, lorentz, event horizon, black hole, dark matter, dark energy,
cosmology, cosmological, redshift, big bang, supernova, neutron star, thermodynamics, entropy, enthalpy, gibbs, carnot, adiabatic, isothermal, heat capacity, latent heat,
electromagnetic, electromagnetism, maxwell, inductance, capacitance, impedance, superconductor, superconductivity, semiconductor, diode, transistor, photoelectric, diffraction,
interference pattern, refraction, polarization, polarisation, doppler, resonance, harmonic oscillator, angular momentum, torque, moment of inertia, kinetic energy, potential energy,
momentum, projectile, friction coefficient, escape velocity, orbital mechanics, kepler, centripetal, viscosity, bernoulli's, navier-stokes, reynolds, turbulence, laminar, buoyancy, hydrostatic,
stoichiometry, molarity, mole, molar, redox, oxidation, reduction, oxidation state, titration, buffer solution, equilibrium constant, le chatelier, catalyst, catalysis, activation energy, reaction kinetics, electronegativity,
covalent, ionic, hydrogen bond, van der waals, orbital hybridization, hybridisation, isomer, enantiomer, chirality, chiral, stereochemistry, nucleophile, nucleophilic, electrophile, sn1, sn2, aldol, esterification,
polymerization, alkene, alkane, alkyne, aromatic, benzene, carbonyl, ketone, aldehyde, carboxylic, amine, spectroscopy, nmr, chromatography, mass spectrometry, electrolysis, electrochemistry, galvanic,
permanganate, oxalate, isotope, half-life, radioactive decay, fission, fusion, periodic trend, lattice energy, crystal structure, mitosis, meiosis, photosynthesis, chloroplast, mitochondria, mitochondrial, cellular respiration,
glycolysis, krebs cycle, atp, electron transport chain, enzyme, kinetics, allosteric, ribosome, transcription, translation factor, mrna, rna, trna, dna replication, polymerase, pcr, crispr, plasmid, genome, genomic,
gene expression, epigenetic, allele, genotype, phenotype, mendelian, punnett, heterozygous, homozygous, recessive, dominant trait, hardy-weinberg, genetic drift, natural selection, speciation, phylogenetic, convergent evolution, evolutionary,
kin selection, sexual selection, symbiosis, mutualism, trophic, ecosystem, keystone species, eutrophication, carrying capacity, biodiversity, osmosis, diffusion gradient, membrane potential, action potential, ion channel, neuron, neurotransmitter,
synapse, homeostasis, prokaryote, eukaryote, bacteriophage, plate tectonics, subduction, magma, sedimentary, metamorphic, igneous, stratigraphy, milankovitch, radiative forcing, greenhouse effect, albedo, carbon cycle, nitrogen cycle,
thermohaline, el nino, coriolis, jet stream, stratosphere, ozone depletion, ph of, hypothesis testing, control group, finite element, stress-strain, tensile, yield strength, young's modulus, shear, bending moment, deflection, truss, cantilever, buckling,
fatigue, corrosion, creep, fracture, ductile, brittle, alloy, heat treatment, annealing, quenching, composite material, load-bearing, reinforced concrete, prestressed, foundation, soil mechanics, hydraulic, hydraulics, pneumatic, cavitation, pump curve,
heat exchanger, heat pump, hvac, refrigeration cycle, rankine, brayton, turbine, compressor, combustion, nozzle, aerodynamics, airfoil, lift coefficient, drag, boundary layer, stall, control loop, pid, pid controller, feedback control, transfer function, bode plot,
nyquist, root locus, kalman filter, state space, servo, actuator, stepper motor, dc motor, motor driver, induction motor, three-phase, transformer, inverter, rectifier, buck converter, boost converter, mosfet, op-amp, operational amplifier, low-pass filter,
high-pass, bandpass, signal processing, sampling theorem, modulation, antenna, pcb, voltage divider, kirchhoff, thevenin, norton, power factor, gear ratio, planetary gear, bearing, tolerance, tolerancing, kinematics, degrees of freedom, inverse kinematics, lidar, photovoltaic,
lithium-ion, battery management, electrolyte, anode, cathode, fuel cell, additive manufacturing, cnc, machining, injection molding, welding, six sigma, failure mode, fmea, safety factor, reliability, load calculation, span, differential gear, gyroscope, magnetic field, electric field,
nuclear reactor, wastewater, desalination, reverse osmosis, chemical reaction, phase transition, phase diagram, surface tension, partial pressure, solubility, terminal velocity, specific heat, wavelength, simple harmonic, electron configuration, valence, stellar, luminosity
"""

COMMON: Final = """
acceleration, acid, amplitude, animal, astronomy, atmosphere, atom, atomic, bacteria, battery, beam, biology, bridge, carbon, cell, cells, charge, chemical, chemistry, chromosome, circuit, climate, climate change, comet, compound,
concentration, conductor, crystal, current, density, dinosaur, dna, earthquake, eclipse, ecology, electric, electrical, electricity, electron, element, energy, engine, engineering, evolution, evolve, experiment, extinction, fluid, force, fossil, frequency, friction,
fuel, galaxy, gas, gene, genes, genetic, geology, glacier, glass, gravity, gravitational, heat, helium, hydrogen, insulation, insulated, ion, laboratory, laser, lens, light, liquid, machine, magnet, magnetic, mass, mechanical, metal, microscope, mineral, moisture, molecule, moon,
motor, mutation, neutron, nitrogen, nuclear, nucleus, ocean, orbit, organism, oxygen, ozone, particle, periodic table, physics, pipe, planet, plant, plasma, plastic, polymer, predator, pressure, prey, protein, proton, pump, radiation, radioactive, reaction, reactor, resistance, resistor,
satellite, sensor, solar, solar system, solution, sound wave, species, spectrum, speed of light, star, steel, structure, sunlight, telescope, temperature, tide, vacuum, valve, vapor, vapour, velocity, voltage, volcano, volts, watts, wave, weather, wind turbine, concrete, gearbox, gps, satellites,
microbe, fungus, fungi, pollination, photosynthetic, rainforest, migration, seedling, soil, rust, steam, aircraft, airplane, plane fly, wing, rocket, magnetism, freezing point, boiling point
"""
