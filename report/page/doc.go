// Package page is the page on which a run is looked at: one HTML document with charts and
// tables, which the browser draws from the report's JSON. The same scripts serve a file that
// is complete in itself (Write) and the live view (Live), which sends newer reports. So
// nothing here puts figures into words; web/ does.
//
//	page.go    the document and its parts      live_page.go  the live view's document
//	spread.go  distributions of intervals, as web/spread.js reads them
//	web/       app.js the page, strip.js its top, grid.js the timeline's buckets, lanes.js
//	           and charts.js the timeline, scope.js a stretch as a report, tables.js tables;
//	           of the live view feed.js its events, form.js the load control
//
// May import: attack/figure, attack/histogram, payloads/show, report, report/compare.
package page
