package page

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// File is one file of the live view as a server hands it out.
type File struct {
	Type  string // media type
	Bytes []byte
	ETag  string // strong and quoted, changes with the bytes
}

// Live returns the files of the live view by their path on the server: the
// page itself is "/". None of them holds an inline script or style, and they
// name each other relatively, so that a proxy may put them below a path.
func Live() (map[string]File, error) { return served() }

var served = sync.OnceValues(serve)

func serve() (map[string]File, error) {
	files := map[string]File{}
	for name, at := range map[string]string{"uPlot.min.js": "/uPlot.js", "uPlot.min.css": "/uPlot.css"} {
		text, err := asset(name)
		if err != nil {
			return nil, err
		}
		files[at] = fileOf(at, text)
	}
	names, err := fs.Glob(web, "web/*.js")
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "web/"+comparisonModule || name == "web/"+capacityModule })
	for _, name := range names {
		text, err := web.ReadFile(name)
		if err != nil {
			return nil, err
		}
		short, err := shortScript(string(text))
		if err != nil {
			return nil, err
		}
		files["/"+name] = fileOf(name, short)
	}
	sheet, err := style("app.css", "live.css")
	if err != nil {
		return nil, err
	}
	files["/web/app.css"] = fileOf("app.css", sheet)
	files["/"] = fileOf("index.html", document(names))
	files[RunPath] = fileOf("index.html", belowRuns(files["/"].Bytes))
	icons, err := fs.Glob(web, "web/*.svg")
	if err != nil {
		return nil, err
	}
	for _, name := range icons {
		text, err := web.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files["/"+name] = fileOf(name, string(text))
	}
	return files, nil
}

// RunPath is the path of the page of one run, as a pattern of http.ServeMux.
const RunPath = "/runs/{run}"

// belowRuns is the page as it stands one path further down.
func belowRuns(document []byte) string {
	return strings.NewReplacer(
		`href="uPlot`, `href="../uPlot`, `href="web/`, `href="../web/`,
		`src="uPlot`, `src="../uPlot`, `src="web/`, `src="../web/`,
	).Replace(string(document))
}

var mediaTypes = map[string]string{
	".svg":  "image/svg+xml",
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
}

func fileOf(name, text string) File {
	sum := sha256.Sum256([]byte(text))
	return File{
		Type:  mediaTypes[path.Ext(name)],
		Bytes: []byte(text),
		ETag:  `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`,
	}
}

// document asks for all modules at once, lest each wait for the one that
// imports it, but for what is seen first of all before them.
func document(modules []string) string {
	var b strings.Builder
	b.WriteString(strings.NewReplacer("brunt report", "brunt", `href="data:,"`, `href="web/favicon.svg"`).Replace(head))
	b.WriteString(liveBody)
	for _, name := range modules {
		b.WriteString(`<link rel="modulepreload" href="` + name + "\">\n")
	}
	b.WriteString(liveScripts)
	return b.String()
}

const liveBody = `<link rel="stylesheet" href="uPlot.css">
<link rel="stylesheet" href="web/app.css">
</head>
<body class="live">
<noscript>The live view is drawn by scripts of this server; it needs no other. Allow scripts to see it, or read /metrics and /api/report.</noscript>
<div id="app"><p class="loading">Connecting to brunt …</p></div>
`

const liveScripts = `<script src="uPlot.js" defer></script>
<script type="module" src="web/live.js"></script>
</body>
</html>
`
