// Package spell is how the engine's sentences write numbers and times, and how they
// quote text that is not their own.
//
//	1234567  ─► 1,234,567     0.0312 ─► 3.1 %     200 s ─► 3 min 20 s
//
// May import: nothing of brunt.
package spell
