// Package workspacetest is a Databricks workspace for tests, as net/http/httptest
// is a server for them: only tests import it. Over TLS, with a certificate
// authority of its own, it serves the token endpoint, the details of serving
// endpoints, their invocations and metrics, and on a second listener the host of
// route-optimised endpoints. It checks every token, lets it expire, and can be told
// to refuse new ones.
//
//	test ─► Start ─► Server ─┬─ /oidc/v1/token, /api/2.0/serving-endpoints/…
//	                         └─ /serving-endpoints/…/invocations ─► mock.Server
//
// It is no part of brunt mock: that one stands for an endpoint under load, this one
// for the answers about it, right and wrong.
//
// May import: attack/mock.
package workspacetest
