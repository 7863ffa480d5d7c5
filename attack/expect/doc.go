// Package expect says whether a reply that is a success by its status holds what its
// user expects of it: a pattern in its body, headers, or what a query in jq's language
// finds true of its JSON.
//
// May import: nothing of brunt.
package expect
