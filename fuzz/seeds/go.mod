module example.org/demo

go 1.22

toolchain go1.22.1

require (
	golang.org/x/text v0.14.0
	github.com/a/b/v2 v2.0.1 // indirect
)

require example.org/c v0.0.0-20240101000000-abcdefabcdef

replace example.org/c => ../c

replace github.com/a/b/v2 v2.0.1 => github.com/z/b/v2 v2.0.2

exclude golang.org/x/text v0.13.0
retract [v1.0.0, v1.9.9] // broken
