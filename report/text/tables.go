package text

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/format"
)

// models is a table where more than one model has answered.
func (p *page) models(r *report.Report) {
	if len(r.ServedModels) < 2 {
		return
	}
	models := slices.Clone(r.ServedModels)
	slices.SortStableFunc(models, func(a, b report.ServedModel) int { return compareDown(a.Count, b.Count) })
	columns := []column{
		{
			head:  "served model",
			least: 12,
		}, {head: "replies", right: true}, {head: "p50", right: true, drop: 3}, {head: "p99", right: true},
		{head: "service p50", right: true, drop: 1}, {head: "service p99", right: true, drop: 2},
	}
	for _, m := range models[:min(len(models), maxNameRows)] {
		response, service := &m.LatencyMS.Response, &m.LatencyMS.Service
		cells := []string{
			format.Safe(m.Name, maxCell),
			format.Count(m.Count),
			format.OptionalMS(response.P50),
			format.OptionalMS(response.P99),
			format.OptionalMS(service.P50),
			format.OptionalMS(service.P99),
		}
		for i, cell := range cells {
			columns[i].cells = append(columns[i].cells, cell)
		}
	}
	p.table(columns)
	if more := len(models) - maxNameRows; more > 0 {
		p.flow(plainText, "", "and "+format.Count(uint64(more))+" more models")
	}
}

// Rows of the tables whose length a run decides.
const (
	maxKindRows  = 10
	maxNameRows  = 10
	maxStageRows = 20
	maxAdvice    = 5
	maxSlowRows  = 3
)

// table writes columns as wide as the page allows; the header is dim.
func (p *page) table(columns []column) {
	headed := slices.ContainsFunc(columns, func(c column) bool { return c.head != "" })
	for i, l := range lines(fit(columns, p.width)) {
		if i == 0 && headed {
			p.line(dim, l)
			continue
		}
		p.line(plainText, l)
	}
}

func (p *page) percentiles(r *report.Report) {
	rows := rowsOf(r, shownFigures)
	if connectsMatter(r) {
		rows = append(rows, rowsOf(r, []figure.Figure{figure.Connect, figure.TLS})...)
	}
	if len(rows) == 0 {
		return
	}
	columns := fit(percentileColumns(rows, p.width), p.width)
	p.table(columns)
	if r.LatencyMS[figure.Response].Count > 0 {
		p.prose(dim, "response is from the planned instant, service from the first byte sent", 2)
	}
	if r.Stream != nil {
		p.prose(dim, "ttft is the first output from the first byte sent, tpot each token after it", 2)
	}
	for _, c := range columns {
		if slices.Contains(c.cells, format.None) {
			p.prose(dim, format.None+" means too few samples for that percentile", 2)
			return
		}
	}
}

func percentileColumns(rows []row, width int) []column {
	columns := []column{
		{}, {head: "p50", right: true}, {head: "p90", right: true, drop: 4}, {head: "p95", right: true, drop: 3},
		{head: "p99", right: true}, {head: "p99.9", right: true, drop: 2}, {head: "p99.99", right: true, drop: 1},
		{head: "max", right: true}, {head: "count", right: true, drop: 5},
	}
	for _, r := range rows {
		cells := []string{
			r.label, format.OptionalMS(r.P50), format.OptionalMS(r.P90), format.OptionalMS(r.P95), format.OptionalMS(r.P99),
			format.OptionalMS(r.P999), format.OptionalMS(r.P9999), format.OptionalMS(r.Max), format.Count(r.Count),
		}
		for i, cell := range cells {
			columns[i].cells = append(columns[i].cells, cell)
		}
	}
	// On a page of ordinary width there is no room for p99.99 but by chance,
	// and a table that changes its columns with its figures is hard to read.
	if width < 100 {
		columns = slices.Delete(columns, 6, 7)
	}
	return columns
}

// connectsMatter reports whether opening connections had a share in response
// times: when at least a tenth of the requests opened one, or when opening
// took as long as the slow replies.
func connectsMatter(r *report.Report) bool {
	connect, p99 := r.LatencyMS[figure.Connect], r.LatencyMS[figure.Response].P99
	if connect.Count == 0 {
		return false
	}
	return connect.Count*10 >= r.Requests.Sent || p99 == nil || *connect.Max >= *p99
}

func (p *page) failures(r *report.Report) {
	if len(r.Errors) == 0 {
		return
	}
	kinds := slices.Clone(r.Errors)
	slices.SortStableFunc(kinds, func(a, b report.Failure) int { return compareDown(a.Count, b.Count) })
	columns := []column{{}, {right: true}, {least: 8}, {least: 16, drop: 2}, {right: true, drop: 1}}
	for i, f := range kinds[:min(len(kinds), maxKindRows)] {
		label := ""
		if i == 0 {
			label = "failures"
		}
		kind, message := failureWords(&f)
		at := "at " + format.Moment(f.FirstS)
		if f.Count > 1 {
			at = format.Moment(f.FirstS) + " to " + format.Moment(f.LastS)
		}
		for j, cell := range []string{format.Pad(label, labelWidth-2), format.Count(f.Count), kind, message, at} {
			columns[j].cells = append(columns[j].cells, cell)
		}
	}
	shown := fit(columns, p.width)
	p.table(shown)
	if len(shown) < 4 { // what they say has no room beside them
		for _, f := range kinds[:min(len(kinds), maxKindRows)] {
			if kind, message := failureWords(&f); message != "" {
				p.prose(plainText, kind+": "+message, 2)
			}
		}
	}
	if more := kinds[min(len(kinds), maxKindRows):]; len(more) > 0 {
		var requests uint64
		for _, f := range more {
			requests += f.Count
		}
		p.flow(plainText, "", fmt.Sprintf("and %d more kinds (%s failed)", len(more), format.Count(requests)))
	}
}

// failureWords are a failure's kind and message, saying nothing twice.
func failureWords(f *report.Failure) (kind, message string) {
	kind, message = format.Safe(strings.ReplaceAll(f.Kind, "_", " "), 20), format.Safe(f.Message, maxCell)
	if f.Status == nil {
		return kind, message
	}
	kind = strconv.Itoa(*f.Status)
	message = strings.TrimLeft(strings.TrimPrefix(message, kind), " :")
	if message == "" {
		message = http.StatusText(*f.Status)
	}
	return kind, message
}

func compareDown(a, b uint64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	default:
		return 0
	}
}

func (p *page) names(r *report.Report) {
	if len(r.Names) == 0 {
		return
	}
	names := slices.Clone(r.Names)
	slices.SortStableFunc(names, func(a, b report.Named) int { return compareDown(a.Requests.Sent, b.Requests.Sent) })
	columns := []column{
		{head: "name", least: 12}, {head: "sent", right: true}, {head: "failed", right: true, drop: 2},
		{head: "p50", right: true, drop: 3}, {head: "p90", right: true, drop: 1}, {head: "p99", right: true},
		{head: "max", right: true},
	}
	for _, n := range names[:min(len(names), maxNameRows)] {
		name, l := format.Safe(n.Name, maxCell), &n.LatencyMS.Response
		if name == "" {
			name = "(no name)"
		}
		cells := []string{
			name, format.Count(n.Requests.Sent), format.Count(n.Requests.Failed),
			format.OptionalMS(l.P50), format.OptionalMS(l.P90), format.OptionalMS(l.P99), format.OptionalMS(l.Max),
		}
		for i, cell := range cells {
			columns[i].cells = append(columns[i].cells, cell)
		}
	}
	p.table(columns)
	if more := len(names) - maxNameRows; more > 0 {
		p.line(plainText, fmt.Sprintf("and %s more names", format.Count(uint64(more))))
	}
}

// stages are the figures of each stage, where there are several.
func (p *page) stages(r *report.Report) {
	if len(r.Stages) == 0 {
		return
	}
	columns := []column{
		{
			head:  "stage",
			right: true,
		}, {head: "from", right: true, drop: 1}, {head: "load", least: 8}, {head: "sent", right: true},
		{
			head:  "not sent",
			right: true,
			drop:  3,
		}, {head: "failed", right: true}, {head: "p50", right: true, drop: 4}, {head: "p90", right: true, drop: 2},
		{head: "p99", right: true}, {head: "max", right: true, drop: 5},
	}
	missing := false
	for i := range r.Stages[:min(len(r.Stages), maxStageRows)] {
		g := &r.Stages[i]
		l := &g.LatencyMS.Response
		missing = missing || g.Requests.NotSent > 0
		cells := []string{
			strconv.Itoa(
				i + 1,
			), format.Moment(g.FromS), g.Words(), format.Count(g.Requests.Sent), format.Count(g.Requests.NotSent),
			format.Count(
				g.Requests.Failed,
			), format.OptionalMS(l.P50), format.OptionalMS(l.P90), format.OptionalMS(l.P99), format.OptionalMS(l.Max),
		}
		for j, cell := range cells {
			columns[j].cells = append(columns[j].cells, cell)
		}
	}
	if !missing {
		columns = slices.Delete(columns, 4, 5)
	}
	p.table(columns)
	if more := len(r.Stages) - maxStageRows; more > 0 {
		p.line(plainText, fmt.Sprintf("and %d more stages", more))
	}
}

// slowest names the requests to look at, where a few were far slower than the
// rest: max at three times p99 or more.
func (p *page) slowest(r *report.Report) {
	response := r.LatencyMS[figure.Response]
	if response.P99 == nil || *response.Max < 3**response.P99 {
		return
	}
	shown := r.Slowest[:min(len(r.Slowest), maxSlowRows)]
	took, at, payload := 0, 0, 0
	for _, s := range shown {
		took, at = max(took, format.Width(format.MS(s.ResponseMS))), max(at, format.Width(format.Moment(s.AtS)))
		payload = max(payload, format.Width(format.Safe(s.Payload, maxCell)))
	}
	for i, s := range shown {
		label, id := "", ""
		if i == 0 {
			label = "slowest"
		}
		// An id is of use only whole and on one line, to be copied.
		if s.RequestID != nil {
			id = "request " + format.Safe(*s.RequestID, maxCell)
		}
		time := format.MS(s.ResponseMS)
		items := []string{
			strings.Repeat(" ", took-format.Width(time)) + time,
			"at " + format.Pad(format.Moment(s.AtS), at),
			format.Safe(s.Payload, maxCell),
			id,
		}
		if payload > 0 && payload <= p.width/3 {
			items[2] = format.Pad(items[2], payload)
		}
		p.flow(plainText, label, items...)
	}
}
