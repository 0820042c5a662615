"""The oauth-ssh client's conversation with a server, as its version of 2022 has it.

Reads {"port", "account", "command", "prompt"} on standard input; prints {"admitted", "reply",
"prompts"}. `command` is sent at the prompt `prompt` and at no other (`null`: whatever the prompt
says). The reply is the instructions of the next request, or else the first line of its prompt.
Prompts are all that were shown, in order.
"""

import base64
import json
import socket
import sys

import paramiko


class Conversation:
    def __init__(self, command, prompt):
        self.command = command
        self.prompt = prompt
        self.sent = False
        self.reply = None
        self.prompts = []

    def __call__(self, title, instructions, prompts):
        self.prompts += [text for text, echo in prompts]
        if not self.sent:
            if prompts and self.prompt in (None, prompts[0][0]):
                self.sent = True
                return [self.command]
        elif self.reply is None:
            if instructions:
                self.reply = instructions
            elif prompts:
                self.reply = prompts[0][0].split("\n")[0]
        return []


request = json.load(sys.stdin)
envelope = json.dumps({"command": request["command"], "version": 1})
command = base64.b64encode(envelope.encode("utf-8")).decode("ascii")
conversation = Conversation(command, request["prompt"])
connection = socket.create_connection(("127.0.0.1", request["port"]), timeout=15)
transport = paramiko.transport.Transport(connection)
try:
    transport.start_client(timeout=15)
    transport.auth_interactive(request["account"], conversation)
    admitted = transport.is_authenticated()
except paramiko.AuthenticationException:
    admitted = False
finally:
    transport.close()
reply = conversation.reply
if reply is not None:
    reply = json.loads(base64.b64decode(reply.rstrip("\n"), validate=True))
print(json.dumps({"admitted": admitted, "reply": reply, "prompts": conversation.prompts}))
