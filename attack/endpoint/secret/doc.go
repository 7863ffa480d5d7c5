// Package secret takes secrets out of texts that others wrote, since those may repeat what
// they were sent: whole or in part, broken over lines, or encoded.
//
//	Secrets   values that are known (tokens, passwords), in every spelling they can have
//	Redact…     what looks like a credential though nobody gave it (redact.go, harmless.go)
//
// May import: payloads/regex.
package secret
