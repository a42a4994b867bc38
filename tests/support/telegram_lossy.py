"""The Telegram stand-in with answers that get lost after the call has had its effect."""

from __future__ import annotations

from tests.support.telegram import TelegramStandIn
from tests.support.telegram_wire import Json, Refusal, read_buttons


class LossyTelegram(TelegramStandIn):
    """`lose` names methods whose next answer is lost, one each."""

    def __init__(self) -> None:
        super().__init__()
        self.lose: list[str] = []

    def serve(self, method: str, params: Json) -> bytes:
        answer = super().serve(method, params)
        if method in self.lose:
            self.lose.remove(method)
            raise ConnectionAbortedError
        return answer

    def _on_editMessageReplyMarkup(self, params: Json) -> Json:
        chat, wanted = self._chat(params), int(params["message_id"])
        heard = next((one for one in chat.messages if one.message_id == wanted), None)
        if heard is None:
            raise Refusal(400, "Bad Request: message to edit not found")
        buttons = read_buttons(params)
        if heard.buttons == buttons:
            raise Refusal(400, "Bad Request: message is not modified")
        heard.buttons = buttons
        return self._shown(chat, heard)
