// Package guard decides who may look at the live page and who may act on it, and
// keeps its connections few.
//
//	request ─► Guard ─► host and origin ─► token or cookie ─► Next
//	                        │                  │
//	                        └──── Refuse ◄─────┘
//	connection ─► Connections: strangers have a small share; who was let in has
//	              the rest
//
// May import: nothing of brunt.
package guard
