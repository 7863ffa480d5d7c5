// Package stat describes payload files for brunt payloads stat: how many bodies,
// of which sizes and of which kinds.
//
// May import: payloads, payloads/file, payloads/shape, payloads/show.
package stat
