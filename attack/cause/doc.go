// Package cause says why a failed reply failed, as far as it tells: a word for it, what
// the reply itself says, and what to do. It knows the replies of Databricks' endpoints
// and those of servers and proxies elsewhere, and tells nobody what only the others need.
//
//	status, sample of the body ─► rules ─► Cause ─► AdviceOn ─► one sentence
//	                         └──► DescribeBody ─► message
//
// May import: attack/endpoint, attack/spell.
package cause
