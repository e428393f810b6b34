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
torsion, equivalence relation, nonnegative, positive integer, positive integers, real number, real numbers, integer solutions,
homotopy, homology, cohomology, category theory, natural transformation, sheaf, functors, fundamental group, covering space, simply connected,
open cover, closed set, open set,  measurable, measure theory, sigma-algebra, almost surely, almost everywhere, borel, radon, fubini,
dominated convergence, monotone convergence, uniformly, uniform convergence, pointwise, uniformly continuous, lipschitz, contraction mapping,
fixed point, spectral theorem, spectrum of, diagonalizable, diagonalisable, diagonalize, jordan form, jordan normal form, nilpotent,
idempotent matrix, positive definite, semidefinite, singular value, svd, qr decomposition, lu decomposition, cholesky, trace of, rank of, nullity,
null space, kernel of,  span, linearly independent, linear independence, bilinear, inner product,  unitary, hermitian, self-adjoint,
adjoint, residue, residue theorem, contour integral, holomorphic, analytic function, meromorphic, conformal, pole of order, laurent, zeta function,
gamma function, beta function, bessel, legendre, hermite, chebyshev, elliptic, modular form, quadratic residue, quadratic reciprocity,
primitive root, totient, sieve, mersenne, perfect number, goldbach, twin prime, collatz, pell, continued fraction, egyptian fraction, p-adic,
irreducible, minimal polynomial, roots of unity, cyclotomic, finite group, groups of order, group of order, symmetric group, dihedral, sylow,
normal subgroup, simple group, solvable group, permutation group,   integral domain, principal ideal, maximal ideal, prime ideal,
module over, tensor product, exact sequence, splitting field, lie algebra, lie group, representation theory, character table, partition of,
partitions of, catalan, stirling, bell number, ramsey, turan, inclusion-exclusion, derangement, stars and bars, double counting,
probabilistic method, extremal,  perfect matching, hall's theorem, planar, chromatic number, clique, independent set, vertex cover,
adjacency matrix,  hypercube, random walk, brownian motion, ito, poisson process, queueing, birth-death, hitting time,
stationary distribution, ergodic, moment generating, characteristic function, law of total, bayes theorem, posterior,  conjugate prior,
credible interval, mcmc, gibbs sampling, bootstrap, jackknife, kernel density, heteroscedasticity, multicollinearity, autocorrelation,
instrumental variable, causal inference, propensity, power analysis, effect size, type i error, type ii error, sample size, standard error,
selection bias, survivorship bias, regression to the mean, base rate, gambler's fallacy, kelly criterion, secretary problem, coupon collector,
buffon, monte carlo, first-order, second-order, ode, pde, ordinary differential, wave equation, heat equation, separation of variables, separable,
homogeneous, boundary condition, initial condition, phase portrait, bifurcation, chaos, lyapunov, stability analysis, fixed-point, runge-kutta,
bisection method, newton-raphson, interpolation, spline, quadrature, finite difference, condition number, gradient method, convex hull, duality, kkt,
integer programming, minimax, zero-sum, mixed strategy, shapley, voting paradox, arrow's theorem, integrable, riemann sum, improper integral,
double integral, triple integral, line integral, surface integral, surface area of revolution, solid of revolution, arc length, curvature, geodesic,
gaussian curvature, euler characteristic, cross-section, frustum, n-ball, hypersphere, simplex, polytope, polyhedron, icosahedron, dodecahedron,
octahedron, tessellation, non-euclidean, projective, affine, barycentric, circumcircle, incircle, incenter, circumcenter, orthocenter, centroid,
median of the triangle, cyclic quadrilateral, power of a point, similar triangles, ceva, menelaus, law of cosines, law of sines, double angle,
trig identity, half-angle, sin, cos, tan, log, ln, sqrt,   gcd, lcm, integers, real-valued, complex-valued, monotonic, increasing sequence,
limsup, liminf, squeeze theorem, l'hopital, mean value theorem, intermediate value theorem, bolzano, heine-borel, cantor, peano, zfc,
continuum hypothesis, incompleteness, decidable, undecidable, computable, church-turing, russell's paradox, banach-tarski, contrapositive, converse,
necessary and sufficient, if and only if, iff, vacuous, existential, universal quantifier, first-order logic, modal logic, truth table,
satisfiability, sat solver, fallacious
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
equally, how much, how many, how long, how far, how old, as many, as much, feet, years old,
per person, heavier, lighter, weigh, weighs, twice as, three times, half as, as old as, per hour, per day, upstream, downstream, left over, divided,
minutes, degrees, tonne, gram, watt, volt, amp, kwh, newton, square metre, square meter, km h, row, pair
"""
