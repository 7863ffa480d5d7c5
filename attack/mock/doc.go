// Package mock is the embedded look-alike of one model serving endpoint: a real HTTP
// server, by default on loopback, with provisioned concurrency, a queue, refusals past it,
// a time in the model that follows a distribution, a share of errors and a cold start. With
// it a load test can be tried without an endpoint, and each failure can be made again:
// equal seeds give equal service times and errors.
//
//	request ─► body checked ─► queue ─► slot (latency) ─► way back (overhead) ─► response
//
// It shares the process with the load that it answers, so a request costs no garbage, and
// no timer where there is no time to wait. Its keys, as mock://?latency=20ms, are the rows
// of settings in mock_config.go.
//
// May import: payloads/jsonscan.
package mock
