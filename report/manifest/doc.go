// Package manifest writes what runs a command on a cluster of machines: a coordinator
// and its workers, for Kubernetes or for docker compose. It holds no secret, only the
// names of variables and files that do.
//
//	config.GivenFlag … ─ New ─► Run ─ Write ─► kubernetes.yaml or compose.yaml (templates)
//	                            │ arguments with references, files, names of secrets
//
// May import: attack/endpoint, attack/endpoint/secret, payloads, payloads/regex,
// report/config.
package manifest
