"""A model that asks no network: what it says follows from what was said."""
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult


class ScriptedModel(GenericFakeChatModel):
    def __init__(self):
        super().__init__(messages=iter([]))

    def bind_tools(self, tools, **kwargs):
        return self

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        said = sum(isinstance(m, AIMessage) for m in messages)
        return ChatResult(generations=[ChatGeneration(message=self.reply(messages, said))])

    def reply(self, messages, said: int) -> AIMessage:
        """The next message, after `said` of its own."""
        raise NotImplementedError
