// Package regex has regular expressions of the package level compiled when they are
// first used, since most commands use few of them and every one pays for its start.
//
//	var word = regex.Lazy(`^[a-z]+$`) ─► word().MatchString("a")
//
// May import: nothing of brunt.
package regex
