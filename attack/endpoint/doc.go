// Package endpoint turns the word that names a target into what a connection needs, and
// looks at what lies between this machine and the endpoint.
//
//	TARGET ──Open──► Endpoint: URL, credentials, headers, embedded server
//	                    ├─ Dialer     addresses in turn, TLS; opens connections
//	                    ├─ credentials.go, open_workspace.go   tokens, renewed in time
//	                    ├─ handed.go  those of another process, for a worker of its
//	                    ├─ redact_url.go  what of a URL may be shown
//	                    └─ probe*.go  name, address, TCP, TLS, endpoint state
//
// May import: attack/endpoint/databricks, attack/endpoint/proxy,
// attack/endpoint/secret, attack/mock, payloads, payloads/file, payloads/regex,
// payloads/setting.
package endpoint
