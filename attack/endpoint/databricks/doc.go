// Package databricks asks a Databricks workspace what a load needs to know: where a
// serving endpoint is, in which state, and by which token it may be queried. Credentials
// come from databricks-sdk-go, which reads the environment and ~/.databrickscfg as the
// databricks command does. Nothing here sends load.
//
// May import: attack/endpoint/secret, payloads, payloads/regex, payloads/setting,
// payloads/show.
package databricks
