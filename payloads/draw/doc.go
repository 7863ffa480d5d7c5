// Package draw holds what is random in payloads, as pure functions of a seed
// and a number: the same seed gives the same bodies in the same order, on every
// machine and in later versions.
//
//	seed, i ─ [Mix], [Nth] ─→ 64 bits ─┬ [Below]    0 … n-1
//	                                   ├ [Fraction] between 0 and 1 ─ [Distribution.Draw] ─→ tokens
//	                                   └ [Shuffler] position → position of a permutation
//
// May import: nothing of brunt.
package draw
