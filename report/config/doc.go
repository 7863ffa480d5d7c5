// Package config holds the flags of the commands that send load or make bodies,
// and reads their values from the command line, the environment and a YAML file.
// What is wrong with a value is said with the place where it was given.
//
//	command line ─┐
//	BRUNT_… ──────┼─ kong ─→ Load, Payloads, Target ─→ plan.Plan, attack.Request,
//	--config FILE ┘                                    endpoint.Options, payloads.Set
//
// May import: attack, attack/arrivals, attack/cluster, attack/endpoint,
// attack/endpoint/secret, attack/expect, attack/mock, attack/plan, payloads,
// payloads/compose, payloads/file, payloads/generate, payloads/jsonscan, payloads/regex,
// payloads/setting, payloads/show, payloads/stat.
package config
