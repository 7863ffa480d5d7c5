// Package page is the page on which a run is looked at: one HTML document with charts and
// tables, which the browser draws from the report's JSON. The same scripts serve a file that
// is complete in itself (Write) and the live view (Live), which sends newer reports. So
// nothing here puts figures into words; web/ does.
//
//	page.go   the document and its parts       live_page.go   the live view's document
//	web/      app.js sections, charts.js and specs.js charts, tables.js tables, feed.js
//	          events of the live view, form.js the form that starts a run
//
// May import: attack/figure, attack/histogram, payloads/show, report, report/compare.
package page
