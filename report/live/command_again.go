package live

import (
	"slices"
	"strconv"
	"strings"

	"brunt/attack/plan"
)

// pageFlags are the flags of the page; those that are true take a value.
var pageFlags = map[string]bool{
	"--wait": false, "--open": false, "--serve": false, "--serve-open": false, "--serve-any-target": false,
	"--linger": true, "--serve-token": true, "--serve-cert": true, "--serve-key": true,
}

// Repeat is the command line that repeats a run of these settings without a page: the
// words of the one that was given, which means base, with what differs from that.
func (o *Settings) Repeat(base *Settings, words []string) []string {
	dropped := map[string]bool{}
	var added []string
	put := func(changed bool, short, long, value string) {
		if !changed {
			return
		}
		dropped[long] = true
		if short != "" {
			dropped[short] = true
		}
		if value != "" {
			added = append(added, long, value)
		}
	}
	rate := ""
	if o.Rate.Freq > 0 {
		rate = strings.TrimSuffix(loadText(o.Rate, 0), "/s")
	}
	duration, concurrency := span(o.Duration.String()), count(uint64(o.Concurrency))
	staged := len(o.Stages) > 0
	if staged { // they say the load and its length
		rate, duration = "", ""
		if !o.Stages[0].Open() {
			concurrency = ""
		}
	}
	stages := plan.StagesText(o.Stages)
	put(stages != plan.StagesText(base.Stages), "", "--stages", stages)
	put(staged || o.Rate != base.Rate, "-r", "--rate", rate)
	put(staged && concurrency == "" || o.Concurrency != base.Concurrency, "-c", "--concurrency", concurrency)
	put(staged || o.Duration != base.Duration, "-d", "--duration", duration)
	put(o.Requests != base.Requests, "-n", "--requests", count(o.Requests))
	put(o.Warmup != base.Warmup || o.WarmupAuto != base.WarmupAuto, "", "--warmup", o.warmupText())
	put(o.Timeout != base.Timeout, "", "--timeout", span(o.Timeout.String()))
	var out []string
	for i := 0; i < len(words); i++ {
		word := words[i]
		flag, value, joined := strings.Cut(word, "=")
		if short := word[:min(2, len(word))]; len(word) > 2 && (dropped[short] || short == "-p") && short != "--" {
			flag, value, joined = short, strings.TrimPrefix(word[2:], "="), true // -r50
		}
		takes, ofPage := pageFlags[flag]
		payload := flag == "-p" || flag == "--payloads"
		if !joined && (dropped[flag] || takes || payload) && i+1 < len(words) {
			i++
			value = words[i]
		}
		switch {
		case ofPage || dropped[flag] || payload && !o.hasPayload(value):
		case payload:
			out = append(out, flag, value)
		case word == base.Target && word != o.Target:
			out = append(out, o.Target)
		default:
			out = append(out, word)
		}
	}
	return append(out, added...)
}

// hasPayload reports whether the file, with or without a weight behind it, is one
// of the settings'.
func (o *Settings) hasPayload(file string) bool {
	return slices.ContainsFunc(o.Payloads, func(p string) bool { return file == p || strings.HasPrefix(file, p+":") })
}

// warmupText is the value of --warmup, empty for none.
func (o *Settings) warmupText() string {
	if o.WarmupAuto {
		return "auto"
	}
	return span(o.Warmup.String())
}

func count(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

func span(d string) string {
	if d == "0s" {
		return ""
	}
	return d
}
