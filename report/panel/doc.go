// Package panel draws a run under way on a terminal, once a second, from its snapshots; where
// there is no terminal, it prints a plain line each ten seconds. It times and sends nothing.
//
// May import: attack/figure, attack/plan, attack/result, report, report/format,
// report/panel/silent, report/text, report/words.
package panel
