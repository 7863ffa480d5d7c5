package probe

import (
	"fmt"
	"strconv"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
	"brunt/payloads/show"
)

// limits holds the load against what the endpoint's AI Gateway lets through, and
// against the throughput provisioned for it.
func (r *Result) limits(d *endpoint.Details, plan *plan.Plan, set *payloads.Set) {
	if d == nil {
		return
	}
	perSecond, asked := plan.PeakRate(), askedTokens(set)
	for _, l := range d.RateLimits {
		if l.Calls > 0 {
			r.Findings = append(r.Findings, callLimit(l.Calls, perSecond, whom(l.Key, l.Principal)))
		}
		if l.Tokens > 0 {
			f := tokenLimit(fmt.Sprintf("AI Gateway lets %s tokens a minute through%s", show.Grouped(int(l.Tokens)),
				whom(l.Key, l.Principal)), float64(l.Tokens)/60, perSecond, asked)
			f.Check = "rate limit"
			r.Findings = append(r.Findings, f)
		}
	}
	units := 0
	for _, e := range d.Entities {
		units += e.ModelUnits
	}
	switch n := d.MaxThroughput(); {
	case units > 0:
		text := d.Throughput() + " provisioned"
		if burst := d.Entities[0].BurstScaling; burst != nil && *burst {
			text += ", and more lent for bursts"
		}
		r.Findings = append(r.Findings, endpoint.Finding{Check: "throughput", State: endpoint.Well, Text: text +
			": how many tokens/s they bear depends on the model and on the lengths of prompts and answers; brunt capacity measures it"})
	case n > 0:
		f := tokenLimit(
			fmt.Sprintf("provisioned throughput is up to %s tokens/s", show.Grouped(n)),
			float64(n),
			perSecond,
			asked,
		)
		f.Check = "throughput"
		r.Findings = append(r.Findings, f)
	}
}

// whom says for whom a limit is.
func whom(key, principal string) string {
	switch {
	case key == "endpoint":
		return " for all callers together"
	case principal != "":
		return fmt.Sprintf(
			" for the %s %s (not known here: whether these credentials belong to it)",
			kind(key),
			principal,
		)
	}
	return " for each " + kind(key)
}

func kind(key string) string {
	switch key {
	case "user_group":
		return "group of users"
	case "service_principal":
		return "service principal"
	}
	return key
}

// callLimit compares requests a minute.
func callLimit(calls int64, perSecond float64, whom string) endpoint.Finding {
	f := endpoint.Finding{Check: "rate limit", State: endpoint.Well,
		Text: fmt.Sprintf("AI Gateway lets %s requests a minute through%s", show.Grouped(int(calls)), whom)}
	if minute := perSecond * 60; minute > float64(calls) {
		f.State = endpoint.Doubtful
		f.Text += fmt.Sprintf(
			"; the load asks for %s, and what is beyond the limit is refused with 429",
			show.Grouped(int(minute)),
		)
		f.Remedy = setting.Textf("raise the endpoint's limit for the test, or ask for %s/s at the most",
			strconv.FormatFloat(float64(calls)/60, 'g', 3, 64))
	}
	return f
}

// tokenLimit compares tokens per second. asked is what the first body may draw of
// them by its limit of tokens alone; 0 where that is not known.
func tokenLimit(text string, tokens, perSecond float64, asked int) endpoint.Finding {
	f := endpoint.Finding{State: endpoint.Well, Text: text}
	if perSecond <= 0 {
		return f
	}
	share := tokens / perSecond
	f.Text += fmt.Sprintf("; at %s/s that is %s tokens a request, prompt and answer together",
		strconv.FormatFloat(perSecond, 'g', 4, 64), strconv.FormatFloat(share, 'g', 3, 64))
	if float64(asked) > share {
		f.State = endpoint.Doubtful
		f.Text += fmt.Sprintf(", and the first body asks for answers of up to %s", show.Grouped(asked))
		f.Remedy = setting.Textf(
			"raise it for the test, lower the rate with %v, or make bodies with a smaller %v",
			setting.Rate,
			setting.MaxTokens,
		)
	}
	return f
}

// askedTokens is the limit of tokens that the first body names; 0 without one.
func askedTokens(set *payloads.Set) int {
	body := set.Plain(0)
	body = body[min(jsonscan.SkipSpace(body, 0), len(body)):]
	for _, key := range []string{"max_tokens", "max_completion_tokens"} {
		if n, ok := jsonscan.Decimal(jsonscan.Member(body, key), 0); ok && n > 0 && n < 1<<31 {
			return int(n)
		}
	}
	return 0
}
