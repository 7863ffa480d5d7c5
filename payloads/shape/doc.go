// Package shape tells what kind of request body a JSON text is, by the keys of
// its object: a data frame, chat messages, a prompt and so on.
//
// May import: payloads/jsonscan.
package shape
