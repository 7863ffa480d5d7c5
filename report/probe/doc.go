// Package probe tells whether a target can be loaded at all. It has attack/endpoint look at
// everything before the endpoint, sends one request where there is a body to send, looks at
// this machine, and writes all of it down.
//
// May import: attack, attack/endpoint, attack/figure, attack/host, attack/plan,
// attack/result, payloads, payloads/jsonscan, payloads/setting, payloads/show, report,
// report/config, report/panel, report/text, report/words.
package probe
