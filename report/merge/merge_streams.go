package merge

import (
	"brunt/report"
)

// goodput adds the reports' up where all have the same bounds.
func (m *merger) goodput() *report.Goodput {
	var sum *report.Goodput
	for _, r := range m.reports {
		g := r.Goodput
		if g == nil || sum != nil && !g.BoundsMS.Equal(&sum.BoundsMS) {
			return nil
		}
		if sum == nil {
			sum = &report.Goodput{BoundsMS: g.BoundsMS, Unbound: report.NotNil(g.Unbound)}
		}
		sum.Requests += g.Requests
	}
	return sum
}

// service keeps the first report's endpoint where all are of the same; what it
// said while the runs were under way is of each alone.
func (m *merger) service() *report.Service {
	first := m.reports[0].Endpoint
	if first == nil || !same(m, func(r *report.Report) bool {
		return r.Endpoint != nil && r.Endpoint.Name == first.Name && r.Target.URL == m.reports[0].Target.URL
	}, false) {
		return nil
	}
	kept := *first
	for _, r := range m.reports {
		if len(r.Endpoint.Metrics) > 0 {
			m.warn("the endpoint's own figures are of each report alone: they were left out")
		}
	}
	kept.Metrics, kept.Provisioned, kept.ColdStartS, kept.OverRun, kept.Advice = []report.ServiceSample{}, nil, nil, nil, []string{}
	return &kept
}

// stream merges the streams of all reports that have some.
func (m *merger) stream() *report.Stream {
	var sum *report.Stream
	for _, r := range m.reports {
		o := r.Stream
		switch {
		case o == nil:
			continue
		case sum == nil:
			sum = &report.Stream{CompletedTokens: new(uint64(0))}
		}
		sum.CompletedTokens = sumOf(sum.CompletedTokens, o.CompletedTokens)
		sum.Streams += o.Streams
		sum.Silent += o.Silent
		sum.Unknown += o.Unknown
		sum.Choices += o.Choices
		sum.Chunks += o.Chunks
		sum.OutputTokens += o.OutputTokens
		sum.PromptTokens += o.PromptTokens
		sum.TokensBy.Usage += o.TokensBy.Usage
		sum.TokensBy.Chunks += o.TokensBy.Chunks
		sum.TokensBy.Unknown += o.TokensBy.Unknown
		sum.SkippedEvents += o.SkippedEvents
		sum.Unpaced += o.Unpaced
		sum.Histograms.Add(&o.Histograms)
	}
	return sum
}

// sumOf is null where one of the two is.
func sumOf(a, b *uint64) *uint64 {
	if a == nil || b == nil {
		return nil
	}
	return new(*a + *b)
}

// answers merges what the successes of all reports say of themselves.
func (m *merger) answers() *report.Answers {
	var sum *report.Answers
	for _, r := range m.reports {
		if r.Answers == nil {
			continue
		}
		if sum == nil {
			sum = new(report.Answers)
		}
		sum.Add(r.Answers)
	}
	return sum
}

// usage merges the usage of all reports that have some.
func (m *merger) usage() *report.Usage {
	var sum *report.Usage
	for _, r := range m.reports {
		if r.Usage == nil {
			continue
		}
		if sum == nil {
			sum = &report.Usage{CompletedTokens: new(uint64(0))}
		}
		sum.CompletedTokens = sumOf(sum.CompletedTokens, r.Usage.CompletedTokens)
		sum.Replies += r.Usage.Replies
		sum.OutputTokens += r.Usage.OutputTokens
		sum.PromptTokens += r.Usage.PromptTokens
	}
	return sum
}
