// Package host is what this machine has and what this process takes of it: the
// limits of files, ports and cores that a load meets, what it has cost in CPU time
// and memory, how long it waited for a core, and when its garbage is collected. It
// knows no run: it reads the system's own accounts when it is asked.
//
//	system, runtime ─► ReadLimits ─► Limits   what a load may use
//	                └► ReadUsage ──► Cost     what it took since then
//	runtime ◄── GCTuner                       when garbage is collected
//
// May import: nothing of brunt.
package host
