// Package proxy says which proxy stands before a target, and opens tunnels through it.
//
//	--proxy, or the environment ──Choose──► Proxy ──Tunnel──► connection to the target
//	                                           └─ its no: RefusedError, by kind
//
// HTTP and HTTPS proxies are asked by CONNECT, SOCKS5 ones in their own way. Names are
// left to the proxy to look up, which may know some that this machine does not.
//
// May import: payloads/setting.
package proxy
