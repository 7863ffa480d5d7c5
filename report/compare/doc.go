// Package compare says whether one run, or set of runs, was slower than another. It
// computes and reads nothing from outside: reports in, a Comparison out, always the
// same one for the same reports.
//
//	base, new []*report.Report
//	   │ alike.go      same bodies, same load, figures that can be trusted?
//	   ├─ bootstrap.go fewer than four runs a side: stationary block bootstrap over
//	   │    series.go       the runs' stretches (report.IntervalHistograms)
//	   │    blocks.go       how long the blocks are, from the data
//	   │    permutation.go  whether blocks dealt anew to the sides differ as much
//	   ├─ ranks.go     four runs a side or more: Mann–Whitney, Hodges–Lehmann; the
//	   │    joint_interval.go  run is the unit, and a permutation test covers all figures
//	   └─ judge_difference.go  verdict of each figure and of all, the sentence, the tolerance
//
// All intervals of a comparison hold at once with 95 % confidence: a table of ten
// figures that are equal shows a difference in any of them once in twenty times, and
// not once in two.
//
// Sources: D. N. Politis, J. P. Romano, "The Stationary Bootstrap", JASA 89 (1994);
// D. N. Politis, H. White, "Automatic Block-Length Selection for the Dependent
// Bootstrap", Econometric Reviews 23 (2004), with the correction by A. Patton,
// D. N. Politis and H. White, ibid. 28 (2009); H. B. Mann, D. R. Whitney, Ann. Math.
// Statist. 18 (1947); J. L. Hodges, E. L. Lehmann, Ann. Math. Statist. 34 (1963);
// P. H. Westfall, S. S. Young, "Resampling-Based Multiple Testing" (1993).
//
// May import: attack/figure, attack/result, report, report/format.
package compare
