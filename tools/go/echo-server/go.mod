module portico.dev/tools/echo-server

go 1.26
