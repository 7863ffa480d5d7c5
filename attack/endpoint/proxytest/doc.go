// Package proxytest has proxies on loopback for tests, and what is asked of them, and an
// authority for certificates of servers and clients. Only tests import it.
//
//	brunt ──► Server: HTTP, HTTPS or SOCKS5 ──► the test's own server
//	              └─ Tunnels, Forwarded: what went through it
//
// May import: nothing of brunt.
package proxytest
