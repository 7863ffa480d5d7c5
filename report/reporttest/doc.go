// Package reporttest invents runs for the tests of report and of the packages
// around it: no clock, no network, the same figures for the same seed. It is
// imported by tests alone.
//
// May import: attack/cause, attack/endpoint, attack/endpoint/databricks, attack/figure,
// attack/histogram, attack/plan, attack/result, payloads/setting, report, report/merge,
// report/rules, report/text.
package reporttest
