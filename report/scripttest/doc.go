// Package scripttest has the commands of the scripts in testdata/script, and what
// they talk to: only tests import it.
//
//	testdata/script/*.txtar ─► brunt (a process) ─► server, workspace: look-alikes on loopback
//	        │                                             │
//	        └─ arrived, awaits, page, state, exits, … ◄───┘
//
// May import: attack/endpoint/proxytest, attack/figure, attack/mock/workspacetest, report.
package scripttest
