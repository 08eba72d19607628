"""Words that praise and words that complain, in Chinese and English, with what turns them round and what makes them
stronger. Written for this project, from general knowledge of how customers write; no data set went into them.

Phrases are separated by commas. A longer phrase hides the shorter ones in it, so that “没问题” is not “没” + “问题”.
"""

from __future__ import annotations

from typing import Final

PRAISE_ZH: Final = {
    2.0: """
        非常好, 特别好, 太好了, 太棒了, 超赞, 超棒, 超级赞, 完美, 极好, 好极了, 棒极了, 绝了, 一流, 一级棒, 顶级,
        惊喜, 强烈推荐, 五星好评, 五星, 五分, 满分, 无可挑剔, 物超所值, 超值, 爱了, 爱死, 最爱, 赞不绝口, 非常满意,
        十分满意, 超出预期, 超乎想象, 大爱, 良心商家, 业界良心, 100分, 回购多次, 没得说, 没的说, 没话说, 杠杠的,
        顶呱呱, 给力, yyds, 永远的神, 妥妥的
    """,
    1.0: """
        好, 棒, 赞, 不错, 挺好, 很好, 还好, 满意, 喜欢, 好吃, 好喝, 好用, 好看, 好玩, 好评, 美味, 可口, 香, 鲜, 新鲜,
        好闻, 香甜, 鲜美, 美观, 漂亮, 精致, 精美, 高档, 大气, 时尚, 舒服, 舒适, 柔软, 合身, 合适, 结实, 耐用, 扎实,
        清晰, 流畅, 方便, 便捷, 快捷, 快速, 迅速, 及时, 准时, 按时, 准点, 提前送到, 提前到, 提前, 神速, 飞快, 很快,
        挺快, 真快, 超快, 好快, 快, 热情, 热心, 耐心, 细心, 贴心, 周到, 用心, 礼貌, 客气, 亲切, 友好, 友善, 和气,
        态度好, 专业, 敬业, 负责, 认真, 靠谱, 可靠, 放心, 省心, 安心, 省事, 实惠, 划算, 便宜, 值得, 超值得, 值了,
        很值, 性价比高, 性价比很高, 性价比不错, 物美价廉, 价廉物美, 优惠, 良心, 实在, 足量, 量足, 量大, 分量足,
        份量足, 足, 丰富, 多样, 干净, 卫生, 整洁, 严实, 完好, 完好无损, 正品, 正宗, 地道, 推荐, 回购, 再来, 还会来,
        还会再来, 下次还来, 还会买, 还会点, 会再买, 再买, 常点, 常来, 光顾, 支持, 感谢, 谢谢, 多谢, 辛苦了, 辛苦,
        开心, 高兴, 愉快, 惬意, 幸福, 享受, 解决了, 顺利, 稳定, 省电, 安静, 轻便, 好使, 管用, 有用, 有效, 见效, 实用,
        优秀, 优质, 出色, 杰出, 厉害, 牛, 强大, 优, 佳, 极佳, 良好, 没问题, 没毛病, 没有问题, 没有毛病, 没有异味,
        没有味道大, 没有色差, 没什么问题, 无异味, 不贵, 不油腻, 不腻, 不差, 不坏, 不赖, 不卡, 不慢, 不后悔, 不失望,
        挑不出毛病, 一如既往, 名不虚传, 入味, 嫩, 酥脆, 爽口, 脆, 热乎, 热乎乎, 还热着, 热腾腾, 松软, 回味, 吃得饱,
        吃撑, 吃的饱, 能吃饱, 贴合, 显瘦, 百搭, 亲民, 人性化, 智能, 灵敏, 好客, 笑脸, 点赞, 棒棒, 棒棒哒, 么么哒,
        萌萌哒, 赞赞, 好好吃, 哈哈
    """,
    0.5: """
        还行, 还可以, 可以, 还不错, 凑合吃, 过得去, 挺好的, 够用, 够吃, 正常, 中规中矩, 比较好, 算好, 合格, 尚可
    """,
}

COMPLAINT_ZH: Final = {
    2.0: """
        差评, 垃圾, 恶心, 太差, 极差, 最差, 超级差, 非常差, 差劲, 太差劲, 差到极点, 烂, 太烂, 稀烂, 骗子, 骗人, 欺骗,
        诈骗, 忽悠, 坑人, 坑爹, 坑, 黑店, 黑心, 无语, 太坑, 上当, 被骗, 投诉, 举报, 曝光, 维权, 欺诈, 假货, 赝品,
        变质, 馊, 馊了, 发霉, 霉, 过期, 臭, 拉肚子, 腹泻, 食物中毒, 中毒, 吃坏, 头发, 虫子, 有虫, 虫, 苍蝇, 蟑螂, 蛆,
        异物, 钢丝, 塑料味, 不能忍, 忍无可忍, 无法忍受, 气死, 气死我了, 愤怒, 恼火, 生气, 可恶, 可恨, 缺德, 无良,
        无耻, 滚, 倒闭, 一星, 零分, 0分, 负分, 再也不, 再也不会, 再也不来, 再也不买, 再也不点, 不会再来, 不会再买,
        不会再点, 不会再订, 不会再去, 不再来, 不再买, 不再点, 绝不再, 永不再, 最后一次, 难吃, 难喝, 难用, 难看, 难闻,
        难以下咽, 没法吃, 不能吃, 没法喝, 没法用, 不能用, 用不了, 吃不下, 咽不下去, 扔了, 倒掉, 倒了, 都扔了, 白花钱,
        浪费钱, 浪费时间, 态度恶劣, 恶劣, 蛮横, 骂人, 吼, 辱骂, 坏了, 坏的, 破损, 烂了, 漏了, 碎了, 撒了, 洒了, 呵呵
    """,
    1.0: """
        差, 坏, 慢, 太慢, 好慢, 超慢, 巨慢, 真慢, 贵, 太贵, 好贵, 死贵, 失望, 后悔, 不好, 不好吃, 不好喝, 不好用,
        不好看, 不行, 不满, 不满意, 不喜欢, 不推荐, 不值, 不值得, 不划算, 不新鲜, 不干净, 不卫生, 不热, 不够, 不足,
        不准时, 不及时, 不专业, 不负责, 不负责任, 不耐烦, 不礼貌, 不靠谱, 不方便, 不舒服, 不合适, 不合身, 不符,
        不一样, 不一致, 不对, 不如, 不如以前, 不如从前, 大不如前, 不怎么样, 不咋地, 不咋的, 不怎么, 不理, 不接电话,
        不接, 不回, 不回复, 没人接, 没人理, 打不通, 联系不上, 没送, 没送到, 没有送, 没收到, 没给, 没有给, 没放,
        没有放, 没带, 没来, 没到, 没发货, 没味道, 没有味道, 没味, 无味, 没熟, 没有熟, 夹生, 生的, 半生不熟, 没用,
        没效果, 没什么味道, 没什么肉, 没肉, 没几块, 没多少, 没有筷子, 没筷子, 没有餐具, 没有勺子, 少得可怜, 太少,
        好少, 少了, 很少, 有点少, 量少, 量小, 分量少, 份量少, 少送, 漏送, 送错, 发错, 错了, 搞错, 送少, 缺, 缺少,
        缺货, 漏, 洒, 撒, 破, 破了, 碎, 脏, 油腻, 太油, 好油, 腻, 太咸, 好咸, 咸了, 齁, 齁咸, 太甜, 太辣, 太淡, 太酸,
        太硬, 硬邦邦, 硬, 干巴巴, 柴, 糊了, 烤糊, 焦了, 苦, 腥, 腥味, 异味, 怪味, 味道怪, 怪怪的, 凉, 凉了, 凉透,
        冷了, 冰凉, 都凉, 泡烂, 坨了, 坨, 软塌塌, 清汤寡水, 敷衍, 糊弄, 应付, 冷淡, 冷漠, 爱理不理, 爱答不理, 推卸,
        推诿, 踢皮球, 拖延, 拖拉, 磨蹭, 态度差, 态度不好, 脸色, 迟到, 超时, 晚了, 晚到, 迟了, 延误, 耽误, 等了,
        等了好久, 等太久, 等半天, 久等, 太久, 好久, 半天, 小时才, 分钟才, 才送到, 才送来, 才到, 才收到, 还没到,
        还没送到, 还没来, 还没有, 迟迟, 催, 催单, 催了, 退款, 退货, 退钱, 退单, 取消, 被取消, 取消订单, 拒绝, 赔,
        赔偿, 欠, 扣钱, 多收, 乱收费, 涨价, 虚假, 虚假宣传, 假, 水货, 劣质, 次品, 残次, 瑕疵, 掉色, 褪色, 色差, 起球,
        缩水, 粗糙, 廉价感, 掉漆, 生锈, 开裂, 裂, 断了, 坏掉, 故障, 死机, 卡顿, 卡死, 闪退, 崩溃, 黑屏, 发热, 发烫,
        漏水, 漏电, 噪音, 吵, 问题, 毛病, 缺点, 麻烦, 繁琐, 复杂, 郁闷, 糟糕, 糟, 糟心, 闹心, 心塞, 烦, 烦人, 讨厌,
        惨, 可惜, 遗憾, 可怜, 坑了, 套路, 忘了, 忘记, 遗漏, 马虎, 粗心, 随便, 乱七八糟, 乱, 混乱, 退步, 下降, 变差,
        越来越差, 越来越少, 越来越贵, 越来越慢, 名不副实, 言过其实, 华而不实, 货不对板, 以次充好, 缺斤少两, 偷工减料,
        强制, 垄断, 霸王, 避雷, 踩雷, 拔草, 劝退, 算了吧, 无奈, 不敢, 到底, 竟然, 居然, 凭什么, 搞什么, 什么玩意,
        什么鬼, 啥玩意, 至于吗
    """,
    0.5: """
        一般, 一般般, 一般吧, 普通, 凑合, 勉强, 将就, 有待提高, 有待改进, 需要改进, 希望改进, 希望改善, 改进, 有点,
        有些, 偏, 略, 不太, 不是很, 不算, 就是, 只是, 小贵, 没以前, 比以前, 差不多, 普普通通, 平平, 马马虎虎, 中评,
        下次不
    """,
}

PRAISE_EN: Final = {
    2.0: """
        excellent, amazing, awesome, fantastic, perfect, perfectly, wonderful, outstanding, superb, brilliant,
        love it, love this, loves it, loves, love, loved, adore, best, the best, incredible, exceptional, flawless,
        delighted, phenomenal, terrific, stellar, highly recommend, highly recommended, five stars, 5 stars, 10/10,
        thrilled, impressed, must have, game changer, exceeded my expectations, exceeds expectations,
        above and beyond, magnificent
    """,
    1.0: """
        good, great, nice, nicely, happy, glad, pleased, satisfied, enjoy, enjoys, enjoyed, enjoying, enjoyable,
        like it, likes, liked, fun, fine, well, works well, works great, work great, worked great, works perfectly,
        easy, easily, easier, simple, smooth, smoothly, quick, quickly, fast, prompt, promptly, on time, friendly,
        helpful, kind, polite, courteous, professional, responsive, attentive, caring, welcoming, clean, tidy, fresh,
        tasty, delicious, yummy, comfortable, comfy, cozy, soft, sturdy, durable, solid, reliable, dependable,
        accurate, clear, crisp, beautiful, beautifully, pretty, cute, lovely, gorgeous, stylish, elegant, cool, neat,
        sleek, convenient, handy, useful, user friendly, user-friendly, intuitive, efficient, effective, effectively,
        affordable, cheap price, good value, great value, bargain, worth it, worth every penny, well worth,
        worth the money, worthwhile, recommend, recommended, recommending, thanks, thank you, thankful, grateful,
        appreciate, appreciated, positive, favorite, favourite, satisfying, satisfaction, improved, improvement,
        better, upgrade, quality product, genuine, authentic, as described, as advertised, as expected, no problem,
        no problems, no issues, no issue, no complaints, not bad, no regrets, can't go wrong, can't complain,
        cannot complain, can't wait, can't beat, can't live without, resolved, solved, fixed, honest, fair, generous,
        pleasant, pleasantly, pleasure, entertaining, hilarious, smart, clever, impressive, super, wow, yay, hooray,
        blessed, joy, sweet, addicted, hooked, safe, secure, stable, buy again, order again, come back, will return,
        look forward, looking forward, thumbs up
    """,
    0.5: """
        ok, okay, decent, acceptable, adequate, reasonable, reasonably, alright, all right, not too bad, as good as
    """,
}

COMPLAINT_EN: Final = {
    2.0: """
        terrible, horrible, awful, worst, the worst, disgusting, pathetic, useless, worthless, garbage, trash, junk,
        crap, crappy, sucks, sucked, suck, scam, scammed, fraud, ripoff, rip off, rip-off, waste of money,
        waste of time, total waste, waste, hate, hates, hated, never again, never buy, never order, never use,
        do not buy, don't buy, stay away, avoid, beware, unacceptable, appalling, atrocious, abysmal, dreadful,
        nightmare, furious, outraged, infuriating, livid, lousy, disgrace, disgraceful, rude, dishonest, liar, liars,
        lied, lies, defective, one star, 1 star, zero stars, inedible, food poisoning, moldy, mouldy, rotten,
        counterfeit, want my money back, money back
    """,
    1.0: """
        bad, badly, poor, poorly, worse, disappointed, disappointing, disappointment, disappoints, unhappy,
        dissatisfied, unsatisfied, frustrated, frustrating, frustration, annoyed, annoying, angry, upset, upsetting,
        irritating, broken, broke, breaks, break, damaged, cracked, scratched, dented, leaking, leaked, leaks,
        missing, lost, stolen, late, delayed, delay, delays, slow, slowly, waiting, waited, took forever,
        takes forever, forever, expensive, overpriced, pricey, overcharged, hidden fees, refund, refunded, return it,
        returned, returning, sent it back, sending it back, send it back, cancel, cancelled, canceled, complaint,
        complain, complained, problem, problems, issue, issues, trouble, error, errors, bug, bugs, buggy, glitch,
        glitches, glitchy, crash, crashes, crashed, crashing, freezes, froze, freezing, fails, fail, failed, failure,
        faulty, malfunction, stopped working, stops working, quit working, doesn't work, does not work, didn't work,
        did not work, don't work, not working, won't work, wouldn't work, isn't working, no longer works, unusable,
        unable, cannot, can't, couldn't, won't, wouldn't, difficult, hard to, complicated, confusing, confused,
        inconvenient, uncomfortable, dirty, filthy, smelly, stinks, stale, cold food, cold, soggy, bland, tasteless,
        burnt, undercooked, overcooked, raw, greasy, salty, cheaply made, flimsy, fake, false advertising,
        misleading, misled, wrong, incorrect, inaccurate, unreliable, unprofessional, unhelpful, unfriendly, ignored,
        ignores, ignoring, no response, no reply, never responded, never received, never arrived, never got,
        didn't receive, not received, didn't get, no answer, regret, mistake, lacking, lacks, lack, limited, weak,
        noisy, loud noise, ugly, boring, dull, dumb, stupid, ridiculous, joke, mess, messy, unfortunately, sadly,
        sad, sorry, shame, nothing special, nope, unstable, unsafe, dangerous, creepy, not worth, isn't worth,
        not recommend, wouldn't recommend, not as good, not as described, not as advertised, not good, not great,
        not happy, not impressed, not satisfied, no good, no help, too small, too big, too much, too expensive,
        too slow, too long, too quiet, too loud, used to be, downhill, disconnects, disconnected, drops, glitching,
        static, unresponsive, hang up, hung up, thumbs down, ripped off, let down
    """,
    0.5: """
        meh, mediocre, average, so so, so-so, lackluster, underwhelming, underwhelmed, overrated, could be better,
        wish, needs improvement, only thing, except, however, although, but, though, instead, unless, supposed to
    """,
}

PRAISE_SIGNS: Final = {
    1.0: """
        👍, 😊, 😀, 😃, 😄, 😁, 😍, 🥰, 😘, 😋, 🤩, 💯, ❤, ♥, 💕, 🌹, 👏, 🎉, 🙏, 😎, 🤗, ⭐⭐⭐⭐⭐, :), :-), :d,
        ^_^, <3, [赞], [强], [微笑], [鼓掌], [玫瑰], [爱心], [呲牙], [愉快], [憨笑]
    """
}
COMPLAINT_SIGNS: Final = {
    1.0: """
        👎, 😡, 😠, 🤬, 😤, 😞, 😔, 😢, 😭, 😩, 😫, 🤮, 🤢, 💩, 🙄, 😒, 💔, :(, :-(, t_t, -_-, [怒], [弱], [抓狂],
        [流泪], [大哭], [吐], [白眼], [难过], [发怒], [撇嘴], [鄙视]
    """
}

# Harmless in spite of a word that they contain.
NEITHER: Final = """
    好不好, 是不是好, 好多, 好几, 好像, 好歹, 刚好, 正好, 只好, 最好, 好在, 好的, 你好, 您好, 爱好, 还好吗, 好吗,
    好久不见, 要不是, 快递, 快餐, 快要, 快点, 快到, 赶快, 尽快, 一块, 几块, 块钱, 可以吗, 可不可以, 牛肉, 牛奶, 牛排,
    牛腩, 水牛, 香菜, 香菇, 香蕉, 香肠, 香港, 五香, 香料, 满足, 足球, 不足为奇, 坏账, 烂漫, 海鲜, 优惠券, 优先, 佳节,
    苦瓜, 冰凉粉, 凉皮, 凉菜, 凉面, 凉粉, 凉拌, 凉茶, 乱码, 破费, 差别, 差异, 差点, 出差, 时差, 差额, 贵州, 贵宾,
    贵店, 贵公司, 富贵, 偏好, 偏爱, 略微, 赞助, well as, like to, good luck, good morning, good afternoon, kind of,
    no matter, of course, sort of, at least, hard drive, hard wood, best buy, cold brew, ice cold, raw data,
    breaking news, lost in space, can't believe how, couldn't be happier, couldn't be better, couldn't ask for,
    can't get enough, can't say enough, problem solved, break down the
"""

# Praise that is denied becomes a milder complaint, and the other way round.
NEGATION_ZH: Final = """
    不, 没, 没有, 无, 非, 未, 别, 莫, 并不, 并非, 毫无, 毫不, 不是, 不够, 不太, 不怎么, 不算, 不会, 不能, 不是很,
    从不, 绝不, 谈不上, 称不上, 算不上, 说不上, 缺乏, 难以
"""
NEGATION_EN: Final = """
    not, no, never, none, nothing, neither, nor, without, hardly, barely, scarcely, isn't, wasn't, aren't, weren't,
    don't, doesn't, didn't, haven't, hasn't, hadn't, shouldn't, ain't, isnt, wasnt, dont, doesnt, didnt, cant, wont,
    lack of, far from, anything but, nowhere near
"""

STRONGER: Final = """
    很, 非常, 特别, 超, 超级, 太, 最, 极, 极其, 极度, 十分, 相当, 真, 真的, 真心, 实在是, 巨, 贼, 老, 格外, 尤其, 更,
    更加, 无比, 绝对, 完全, 简直, 死, 好好, 颇, 忒, 狠, very, really, extremely, so, absolutely, totally, completely,
    highly, incredibly, truly, super, especially, exceptionally, insanely, ridiculously, entirely, most, such,
    utterly, way too, beyond
"""
WEAKER: Final = """
    有点儿, 稍, 稍微, 稍稍, 略微, 些许, 比较, 还算, 挺, 蛮, 几乎, 可能, 也许, 大概, slightly, somewhat, a bit,
    a little, kinda, fairly, rather, mostly, almost, sometimes, partly
"""

# What comes after weighs more than what came before.
CONTRAST: Final = "但是, 但, 可是, 然而, 不过, 可惜的是, 就是, 只是, but, however, yet, except, unfortunately"


def phrases(written: str) -> list[str]:
    """The phrases of one of the lists above.

    >>> phrases("好, 不错,\\n  on time")
    ['好', '不错', 'on time']
    """
    return [phrase.strip() for phrase in written.split(",") if phrase.strip()]
