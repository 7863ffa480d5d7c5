// Package steady says whether a series of latencies stayed the same from its
// beginning to its end: a run whose figures are one number for two states misleads.
//
//	medians of intervals ──Judge──► Finding: settled late, stepped, drifted, or none
//	                        │ mser.go     where a run's beginning ends (MSER-5)
//	                        └ steady.go   a change of level, against autocorrelation
//
// Sources: K. P. White, "An Effective Truncation Heuristic for Bias Reduction in
// Simulation Output", Simulation 69 (1997), for MSER; E. S. Page, Biometrika 41 (1954)
// and W. Ploberger, W. Krämer, Econometrica 60 (1992) for the CUSUM test of a level.
//
// May import: nothing of brunt.
package steady
