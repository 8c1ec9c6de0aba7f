"""A proxy before a server of S3's protocol that fails the Nth request: failing_proxy.py PORT SERVER_PORT AT MODE COUNT_FILE.

AT counts from 1 (0: none). MODE is `refused` (403, without asking the server) or `lost` (the server has done it, and the answer is
cut off). COUNT_FILE holds the number of requests, and what has been struck.
"""

import http.client
import http.server
import socketserver
import sys
import threading

port, server, at, mode, report = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
lock, seen, struck = threading.Lock(), 0, ""


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        global seen, struck
        with lock:
            seen += 1
            strikes = seen == at
            if strikes:
                struck = f"{self.command} {self.path.split('?')[0]}"
            with open(report, "w") as file:
                file.write(f"{seen} {struck}\n")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if strikes and mode == "refused":
            answer = b"<Error><Code>AccessDenied</Code><Message>not this one</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else answer)
            return
        connection = http.client.HTTPConnection("127.0.0.1", server, timeout=30)
        # The signature covers the host that the client has named.
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if strikes:
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                self.send_header(name, value)
        length = response.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        if response.status != 204 and length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True


Server(("127.0.0.1", port), Proxy).serve_forever()
