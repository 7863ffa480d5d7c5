// Package words is how the command line calls the settings that the engine's
// errors and advice are about: the one table from a setting to its flag.
//
// May import: payloads/setting.
package words
