"""Words by which a short message leans on the turns before it, in every language."""

from typing import Final

CONTINUERS: Final = """
yes, yeah, yep, yup, sure, ok, okay, please do, go ahead, go on, continue, keep going, carry on, proceed, more, again, do it, do that, lets do, and, also, but, or, now, then, why, how so,
how come, why not, what about, how about, what if, same, instead, the first, the second, the third, the last, both, neither, option, number, next, try, retry, finish, expand, elaborate, explain, shorter, longer, simpler,
in more detail, more detail, go deeper, still, no, nope, not quite, not that, wrong, i mean, with, without, in, using, for example, example, examples, show me, convert it, rewrite it, fix it, fix that, can you, could you, would you, so, absolutely, definitely, correct, exactly, sounds good, looks good, perfect do,
ja, klar, gerne, mach weiter, weiter, fortfahren, noch, nochmal, und, aber, warum, wieso, genau, bitte, mehr, jetzt, dann, nein, was ist mit, und wie, stattdessen, auch,
oui, daccord, vas y, continue, continuez, encore, et, mais, pourquoi, plus, maintenant, non, exactement, bien sur, dans, en, poursuis, allez y, et pour,
si, claro, vale, sigue, continua, adelante, mas, y, pero, por que, ahora, otra vez, y en, exacto, hazlo, por supuesto,
sim, claro que, continue, continua, prossiga, mais, e, mas, porque, por que, agora, de novo, pode, faca isso, isso,
si, certo, continua, avanti, vai avanti, ancora, e, ma, perche, ora, adesso, di nuovo, procedi, esatto, fallo,
да, конечно, давай, продолжай, продолжайте, дальше, ещё, еще, и, а, но, почему, теперь, снова, хорошо давай, точно, а на, подробнее, нет,
نعم, اجل, استمر, تابع, اكمل, واصل, المزيد, و, لكن, لماذا, الان, مرة اخرى, حسنا, بالتاكيد, وماذا, لا,
हां, हाँ, जी, जारी, आगे, और, लेकिन, क्यों, अब, फिर, बिल्कुल, ठीक है, कीजिए, नहीं
"""
"""What begins a message that continues another."""

CONTINUERS_UNSPACED: Final = """
是, 是的, 好, 好的, 继续, 繼續, 请继续, 接着, 那, 那么, 还有, 再, 为什么, 為什麼, 可以, 行, 对, 嗯, 更多, 详细, 然后呢, 用, 换成, 怎么, 不, 没错, 要,
はい, うん, 続けて, 続き, お願い, もっと, では, じゃあ, それ, そして, なぜ, どうして, もう一度, 次, いいえ, ええ, 詳しく, どうぞ, そうです,
네, 예, 응, 계속, 좋아, 그래, 더, 그럼, 그러면, 그리고, 왜, 다시, 다음, 아니, 부탁, 해줘, 진행, 맞아, 자세히
"""
"""The same for languages written without spaces, or with endings."""

POINTERS: Final = """
it, that, this, those, these, them, one, ones, above, previous, former, latter, same, there, the code, the answer, the function, the list, the text, the plan,
das, es, dies, dieses, davon, darauf, ca, cela, celui, ceci, eso, esto, ello, isso, isto, aquilo, questo, quello, это, этого, этот, هذا, هذه, ذلك, यह, इसे, इसका, उसे
"""
"""What points back at something said before."""

CLOSERS: Final = """
thanks, thank, you, thx, ty, bye, goodbye, great, cool, nice, perfect, awesome, lol, haha, wow, ok, okay, got, it, see, later, good, night, morning, so, much, very, helpful, that, was, all, for, now, cheers, amazing, love, hi, hello, hey, there,
danke, super, toll, tschuss, vielen, dank, hallo, merci, beaucoup, super, parfait, bonjour, salut, au, revoir, gracias, muchas, genial, perfecto, hola, adios, obrigado, obrigada, muito, otimo, ola, tchau, grazie, mille, perfetto, ciao, спасибо, большое, отлично, привет, пока, شكرا, جزيلا, مرحبا, धन्यवाद, शुक्रिया, बहुत, नमस्ते,
谢谢, 謝謝, 多谢, 你好, 再见, 太好了, 谢谢你, ありがとう, ありがとうございます, こんにちは, さようなら, 감사합니다, 고마워, 고마워요, 안녕하세요, 안녕
"""
"""Messages of nothing but these words ask for nothing."""

AGREED: Final = "ok, okay, okey, oke, oki, okej, k, kk, окей, ок, أوكي, اوكي, ओके, オッケー, オーケー, 오케이, ㅇㅋ, ㅇㅇ"
"""Words that agree where they are all that is said, and close where more is said."""

CLOSING_SIGNS: Final = frozenset("🙏❤♥😊🙂😀😁😄😃😂🤣😍🥰😘👋🎉🥳💖💕🤗")
"""Signs of thanks, of joy, of leaving: they ask for nothing."""

AFFIRMATIVES: Final = """
y, k, okey, okej, 👍, 👍🏻, 👍🏽, 👍🏿, ✅, 👌, ✔, ☑, 🆗, +1, ок, окей, ㅇㅇ, ㅇㅋ,
yes, yeah, yep, yup, sure, ok, okay, please, go, do, absolutely, definitely, sounds, ja, klar, gerne, bitte, oui, daccord, vas, si, claro, vale, adelante, sim, certo, da, да, конечно, давай, نعم, اجل, حسنا, हां, हाँ, जी,
是, 是的, 好, 好的, 可以, 行, 要, はい, うん, お願い, お願いします, ええ, 네, 예, 응, 그래, 좋아, 부탁
"""
"""First words that take up what the assistant offered."""
