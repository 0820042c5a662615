/**
 * RFC 8417, OpenID Connect Back-Channel Logout 2.4: such tokens open no session.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a logout token", async () => {
  await using scene = await setScene();
  for (
    const claims of [
      {
        events: { "http://schemas.openid.net/event/backchannel-logout": {} },
        sid: "s",
      },
      { events: {} },
      { events: null },
      { events: [] },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_kind_unexpected");
  }
  await scene.admits(await scene.token({ claims: { sid: "s" } }));
});
