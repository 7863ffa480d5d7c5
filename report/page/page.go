package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"brunt/report"

	"github.com/tsenart/vegeta/v12/lib/plot"
)

//go:embed web
var web embed.FS

// modules are the ES modules of the file in the order in which a single script
// needs them: each one after those that it imports. liveModules are the rest.
var modules = []string{
	"format.js",
	"dom.js",
	"model.js",
	"spread.js",
	"grid.js",
	"scope.js",
	"kinds.js",
	"plots.js",
	"heat.js",
	"tables.js",
	"streams.js",
	"endpoint.js",
	"lanes.js",
	"charts.js",
	"curve.js",
	"outcome.js",
	"sections.js",
	"strip.js",
	"app.js",
	capacityModule,
}

var liveModules = []string{
	"wire.js",
	"feed.js",
	"fields.js",
	"header.js",
	"form.js",
	"log.js",
	"tabs.js",
	"place.js",
	"overlay.js",
	"runs.js",
	"past.js",
	"downloads.js",
	"keys.js",
	"live.js",
}

// parts are what every page consists of besides its data.
type parts struct {
	style, library, script string
	policy                 string
}

var assembled = sync.OnceValues(func() (*parts, error) { return assemble(modules, "startStatic") })

// Write writes the report as one HTML file that needs no network and no other
// file. Charts of distributions over time (heat map, service time) need the
// intervals' histograms, which a report read from JSON does not have; the page
// says so in their place.
func Write(w io.Writer, r *report.Report) error {
	p, err := assembled()
	if err != nil {
		return fmt.Errorf("html report: %w", err)
	}
	var figures, charts bytes.Buffer
	if err := report.JSON(&figures, r); err != nil {
		return fmt.Errorf("html report: %w", err)
	}
	encoder := json.NewEncoder(&charts)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(ExtraOf(r)); err != nil {
		return fmt.Errorf("html report: %w", err)
	}
	return p.write(w, data{"report", figures.String()}, data{"extra", charts.String()})
}

// data is JSON that a page holds, by the name under which its script finds it.
type data struct{ id, json string }

// write writes a page with what it shows.
func (p *parts) write(w io.Writer, all ...data) error {
	pieces := []string{
		head, `<meta http-equiv="Content-Security-Policy" content="`, p.policy, "\">\n", "<style>", p.style, "</style>\n", body,
	}
	for _, d := range all {
		pieces = append(pieces, `<script type="application/json" id="`, d.id, `">`, inert(d.json), "</script>\n")
	}
	pieces = append(pieces, "<script>", p.library, "</script>\n<script>", p.script, "</script>\n</body>\n</html>\n")
	for _, piece := range pieces {
		if _, err := io.WriteString(w, piece); err != nil {
			return err
		}
	}
	return nil
}

const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="brunt">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>brunt report</title>
`

const body = `</head>
<body>
<noscript>This report is drawn by a script inside this file; it needs no network. Allow scripts to see it.</noscript>
<div id="app"></div>
`

// inert writes JSON so that an HTML parser sees text in it, whatever the text.
// These characters stand in strings only, where the escapes mean the same; the
// page takes them back for the download, which is the JSON byte for byte.
var inert = strings.NewReplacer(
	"<",
	`\u003c`,
	">",
	`\u003e`,
	"&",
	`\u0026`,
	"\u2028",
	`\u2028`,
	"\u2029",
	`\u2029`,
).Replace

// assemble makes the parts of a page whose script is these modules and begins with
// a call of start.
func assemble(modules []string, start string) (*parts, error) {
	library, err := asset("uPlot.min.js")
	if err != nil {
		return nil, err
	}
	css, err := asset("uPlot.min.css")
	if err != nil {
		return nil, err
	}
	own, err := style("app.css")
	if err != nil {
		return nil, err
	}
	script, err := bundle(modules, start)
	if err != nil {
		return nil, err
	}
	p := &parts{style: css + "\n" + own, library: library, script: script}
	p.policy = fmt.Sprintf(
		"default-src 'none'; script-src %s %s; style-src %s; img-src data:; base-uri 'none'; form-action 'none'",
		source(p.library),
		source(p.script),
		source(p.style),
	)
	return p, nil
}

// asset is a file of the chart library, which vegeta carries.
func asset(name string) (string, error) {
	file, err := plot.Assets.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	return string(text), err
}

// bundle makes one classic script of the modules: a file opened from disk may
// not import any. Their top-level names are all different, and each import and
// each export stands on a line of its own.
func bundle(modules []string, start string) (string, error) {
	var b strings.Builder
	b.WriteString("\"use strict\";\n(() => {\n")
	for _, name := range modules {
		text, err := web.ReadFile("web/" + name)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "import ") {
				b.WriteString(strings.TrimPrefix(line, "export "))
			}
		}
	}
	b.WriteString(start + "();\n})();\n")
	return shortScript(b.String())
}

// source is the policy's name for one inline script or style.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
