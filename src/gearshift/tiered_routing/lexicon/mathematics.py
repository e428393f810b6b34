"""Terms of mathematics, statistics and logic: the specialist's words and everybody's."""

from typing import Final

SPECIALIST: Final = """
theorem, lemma, corollary, conjecture, axiom, proof, induction, contradiction, bijection, injective, surjective,
isomorphism, homomorphism, homeomorphism, automorphism, eigenvalue, eigenvector, determinant, matrix, matrices,
invertible, orthogonal, orthonormal, linear algebra, vector space, subspace, basis, linear transformation, dot product, cross
product, tensor, manifold, topology, topological, compactness, hausdorff, metric space, banach, hilbert, lebesgue,
riemann, cauchy, convergence, converge, diverge, divergent, limit, continuity, differentiable, derivative, partial derivative,
integral, integrate, integration, differentiate, antiderivative, differential equation, laplace, fourier, taylor series,
power series, maclaurin, gradient, jacobian, hessian, curl, divergence theorem, stokes, lagrange multiplier, calculus, infinitesimal,
polynomial, quadratic, cubic, quartic, logarithm, logarithmic, exponential, trigonometric, sine, cosine, tangent, arctan,
hyperbolic, complex number, imaginary, irrational, rational number, transcendental, prime, primes, coprime, divisor, divisible, divisibility,
modulo, modular arithmetic, congruence, fermat, euler, diophantine, greatest common divisor, least common multiple, factorial,
binomial, permutation, combination, combinatorics, combinatorial, pigeonhole, generating function, recurrence, fibonacci,
graph theory, vertex, vertices, planar graph, chromatic, bipartite, spanning tree, eulerian, hamiltonian, group theory, abelian,
cyclic group, subgroup, coset, quotient ring, ring theory, ideal, field extension, galois, set theory, cardinality, countable, uncountable, power set,
axiom of choice, zorn, godel, boolean algebra, propositional, predicate logic, quantifier, tautology, probability, conditional
probability, bayes, bayesian, random variable, expected value, variance, standard deviation, covariance, correlation, distribution,
normal distribution, poisson, bernoulli, markov chain, markov, stochastic, martingale, central limit, law of large numbers, hypothesis test,
p-value, confidence interval, null hypothesis, chi-square, anova, t-test, regression, least squares, maximum likelihood, estimator, likelihood,
simpson's paradox, confounding, optimization problem, linear programming, convex, concave, simplex method, game theory, nash equilibrium,
pythagorean, hypotenuse, circumference, circumscribed, inscribed, tetrahedron, polygon, parallelogram, trapezoid, rhombus, ellipse, hyperbola,
parabola, locus, congruent, bisector, perpendicular, arithmetic progression, geometric progression, geometric series, harmonic series, sequence and series,
inequality, am-gm, cauchy-schwarz, triangle inequality, monotone, bounded, supremum, infimum, epsilon, delta, numerical method, newton's method,
simultaneous equations, system of equations, closed form, asymptote, remainder theorem, rate of change, finite field, free group, conjugate,
torsion, equivalence relation, nonnegative, positive integer, positive integers, real number, real numbers, integer solutions
"""

COMMON: Final = """
algebra, angle, area, arithmetic, average, circle, coordinate, cube, decimal, denominator, diagonal, diameter, digit, dimension, equation,
equilateral, estimate, exponent, expression, factor, formula, fraction, function, geometry, graph, integer, interval, isosceles, maximum, mean, median,
minimum, multiple, negative number, numerator, odd number, parallel, percent, percentage, perimeter, pi, plane, positive, power, product, proportion,
quotient, radius, range, ratio, reciprocal, rectangle, remainder, root, sample, sequence, series, sphere, square root, statistics, subset, sum, symmetry,
triangle, variable, vector, volume, axis, dice, die roll, coin, odds, logic, fair coin, whole number, solve for, consecutive, even number
"""

QUANTITIES: Final = """
each, per, every, twice, thrice, double, half, third, quarter, total, altogether, remaining, remain, left, more than, less than, fewer, times as,
percent, ratio, average, rate, speed, cost, costs, price, pays, paid, earns, earn, spends, spent, sold, sells, bought, buys, gallon, mile, hour, minute, second, dollar, euro, mph, km, kg, cm, kmh, litre, liter, kilometre, pound, cent, day, week, month, inch, foot,
 kilograms, liters, litres, meters, metres, kilometers, dozen, combined, increase, decrease, increases, decreases, remainder, discount, interest, split, shared,
equally, how much, how many, how long, how far, how old, as many, as much, feet, years old
"""
