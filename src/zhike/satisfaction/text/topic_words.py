"""What customers write about in many trades, and the words by which each topic is known. Written for this project.

Phrases are separated by commas. They are neutral where that is possible: a topic is what a text is about, whether it
praises or complains. A longer phrase hides the shorter ones in it.
"""

from __future__ import annotations

from typing import Final

from zhike.labels import names

TOPICS: Final = names(
    "topic",
    delivery="Delivery",
    waiting="Waiting time",
    price="Price",
    quality="Quality",
    staff="Staff and service",
    packaging="Packaging",
    accuracy="Wrong or missing items",
    taste="Taste",
    portion="Portion size",
    hygiene="Hygiene",
    refund="Refunds and returns",
    support="Customer support",
    app="App and website",
    payment="Payment and invoice",
    promotion="Offers and membership",
    store="Store and surroundings",
    fit="Size, look and fit",
    use="Ease of use",
    sound="Sound and picture",
    description="As described",
)

WORDS: Final[dict[str, str]] = {
    "delivery": """
        送餐, 配送, 送货, 送来, 送到, 送达, 快递, 快递员, 快递小哥, 物流, 发货, 收货, 到货, 骑手, 骑士, 外卖员,
        外卖小哥, 送餐员, 送餐小哥, 送餐师傅, 小哥, 送水, 上门, 派送, 派件, 签收, 送得, 送的, 运费, 运输, 送上楼,
        送外卖, 没送, 送过来, 快件, 自提, delivery, deliveries, deliver, delivers, delivered, delivering, shipping,
        shipped, shipment, ship, courier, driver, arrived, arrive, arrives, arrival, package arrived, postage,
        tracking, dispatch, dispatched
    """,
    "waiting": """
        等, 等了, 等待, 等候, 久等, 排队, 排号, 叫号, 超时, 迟到, 晚到, 晚了, 迟了, 小时, 个小时, 半小时, 半个小时,
        一个小时, 一小时, 两个小时, 两小时, 分钟, 多小时, 催, 催单, 催了, 迟迟, 好久, 太久, 半天, 慢, 太慢, 速度,
        及时, 准时, 按时, 很快, 快, wait, waited, waiting, waits, queue, queued, line was long, long line, hours,
        minutes, hour, delay, delayed, delays, late, slow, slowly, on time, quick, quickly, fast, prompt, promptly,
        took forever, speed
    """,
    "price": """
        价格, 价钱, 价位, 性价比, 贵, 便宜, 实惠, 划算, 涨价, 降价, 小贵, 不值, 值这个价, 物有所值, 物超所值, 超值,
        坑钱, 起送价, 配送费, 收费, 多少钱, 花了, 块钱, 元, price, prices, priced, pricing, expensive, cheap,
        cheaper, affordable, cost, costs, overpriced, pricey, value, value for money, worth, money, bargain, fee,
        fees, charge, charges
    """,
    "quality": """
        质量, 品质, 做工, 材质, 用料, 材料, 结实, 耐用, 坏了, 坏的, 破损, 瑕疵, 次品, 劣质, 假货, 正品, 掉色, 开裂,
        故障, 用了几天, 新鲜, 不新鲜, 变质, 过期, 食材, quality, broken, broke, defective, faulty, damaged, sturdy,
        durable, flimsy, well made, cheaply made, build, material, materials, reliable, stopped working,
        stops working, fell apart, fresh, stale, expired, authentic, fake, refurbished
    """,
    "staff": """
        态度, 服务, 服务员, 服务态度, 店员, 员工, 老板, 老板娘, 店家, 商家, 店长, 经理, 导购, 师傅, 阿姨, 前台, 技师,
        热情, 礼貌, 耐心, 不耐烦, 语气, 说话, staff, service, employee, employees, waiter, waitress, manager, clerk,
        cashier, salesperson, sales rep, technician, rude, polite, friendly, attitude, courteous, helpful, unhelpful
    """,
    "packaging": """
        包装, 盒子, 袋子, 打包, 餐盒, 饭盒, 外包装, 纸箱, 箱子, 密封, 塑料袋, 漏了, 洒了, 撒了, 漏汤, 都洒, 都撒,
        泡沫, 包得, 包的, 餐具, 筷子, 勺子, 一次性, packaging, packaged, packed, box, boxes, wrapped, wrapping,
        sealed, leaked, leaking, spilled, container, bag
    """,
    "accuracy": """
        送错, 发错, 漏送, 少送, 漏发, 少发, 送少, 少了, 没给, 没有给, 没放, 没有放, 没带, 忘了, 忘记, 备注, 不看备注,
        搞错, 错了, 弄错, 不是我点的, 不是我要的, 缺, 漏, 换成, wrong item, wrong order, wrong size, wrong color,
        wrong one, missing, forgot, forgotten, incorrect, mistake, not what i ordered, left out
    """,
    "taste": """
        味道, 口味, 口感, 好吃, 难吃, 好喝, 难喝, 不好吃, 好味, 美味, 可口, 咸, 淡, 辣, 甜, 酸, 油, 油腻, 太油, 香,
        腻, 入味, 没味, 调料, 酱, 凉了, 都凉了, 凉, 热乎, 硬, 软, 嫩, taste, tastes, tasted, tasty, tasteless,
        delicious, flavor, flavour, flavors, bland, salty, spicy, sweet, yummy, seasoning, cold food, soggy,
        overcooked, undercooked, burnt, greasy
    """,
    "portion": """
        分量, 份量, 量大, 量少, 量小, 量足, 量太少, 量很足, 很足, 太少, 好少, 吃饱, 吃不饱, 没吃饱, 够吃, 不够吃,
        足量, 缺斤少两, 几块, 几片, 两块, 米饭, 加量, portion, portions, serving, servings, portion size,
        not enough food, filling, tiny
    """,
    "hygiene": """
        卫生, 干净, 不干净, 脏, 头发, 虫, 虫子, 苍蝇, 蟑螂, 异物, 拉肚子, 腹泻, 肚子疼, 肚子痛, 闹肚子, 中毒,
        食品安全, 健康证, 发霉, 馊, hygiene, hygienic, clean, cleanliness, dirty, filthy, hair in, bug in,
        food poisoning, sanitary, smelly, mold
    """,
    "refund": """
        退款, 退货, 退钱, 退单, 退换, 换货, 退换货, 售后, 赔偿, 赔付, 赔, 补偿, 取消订单, 取消, 保修, 维修, 返修,
        退了, 仅退款, 七天无理由, refund, refunds, refunded, return, returned, returns, returning, replacement,
        replaced, exchange, warranty, money back, cancel, cancelled, canceled, sent it back, send it back,
        compensation
    """,
    "support": """
        客服, 人工客服, 在线客服, 热线, 打电话, 电话, 不接电话, 回复, 不回复, 没人回, 投诉, 反馈, 咨询, 处理, 解决,
        联系, 回访, customer service, customer support, customer care, tech support, support team, support,
        call center, hotline, called, phone call, email, emailed, contacted, response, responded, reply, replied,
        complaint, resolved
    """,
    "app": """
        app, 软件, 小程序, 网站, 网页, 系统, 界面, 页面, 登录, 登陆, 闪退, 卡顿, 崩溃, 更新, 版本, 下单, 定位, 功能,
        平台, apps, application, website, web site, site, login, log in, sign in, crash, crashes,
        crashed, update, updates, bug, bugs, glitch, glitches, glitchy, interface, software, firmware, account
    """,
    "payment": """
        支付, 付款, 付钱, 扣款, 扣钱, 发票, 开票, 刷卡, 微信支付, 支付宝, 货到付款, 到账, 账单, 多收, 乱收费, 找零,
        零钱, payment, payments, pay by card, credit card, invoice, billing, billed, bill, receipt, charged twice,
        overcharged, checkout, transaction
    """,
    "promotion": """
        优惠, 优惠券, 红包, 满减, 活动, 折扣, 打折, 促销, 赠品, 赠送, 送的饮料, 积分, 会员, 会员卡, 代金券, 团购,
        返现, 减免, 特价, 秒杀, 首单, promotion, promotions, promo, coupon, coupons, discount, discounts, sale,
        on sale, prime day, deal, deals, offer, offers, voucher, gift card, loyalty, points, membership, rewards,
        free gift
    """,
    "store": """
        环境, 装修, 店里, 店面, 门店, 氛围, 气氛, 停车, 停车位, 座位, 位置, 地段, 空调, 音乐, 厕所, 洗手间, 大厅,
        包间, 房间, 隔音, 交通, atmosphere, ambience, ambiance, decor, parking, seating, location, restroom,
        bathroom, shop, venue, lobby, room
    """,
    "fit": """
        尺码, 尺寸, 大小, 合身, 偏大, 偏小, 码数, 颜色, 色差, 款式, 外观, 样子, 好看, 漂亮, 显瘦, 版型, 面料, 布料,
        手感, size, sizes, sizing, fit, fits, fitted, color, colour, colors, style, design, look, looks, fabric,
        appearance, too small, too big, compact
    """,
    "use": """
        好用, 难用, 操作, 安装, 说明书, 设置, 上手, 使用, 方便, 不方便, 便捷, 麻烦, 简单, 复杂, 智能, 连接, 蓝牙,
        充电, 电池, 续航, easy to use, hard to use, ease of use, set up, setup, setting up, install, installed,
        installation, instructions, manual, user friendly, user-friendly, intuitive, complicated, convenient,
        connect, connects, connected, connection, connecting, wifi, wi-fi, bluetooth, battery, charge it, plug
    """,
    "sound": """
        音质, 声音, 音量, 音效, 低音, 噪音, 屏幕, 画面, 画质, 清晰, 清晰度, 像素, 拍照, 显示, sound, sounds,
        sound quality, audio, bass, speaker quality, volume, loud, louder, quiet, screen, display, picture,
        picture quality, video quality, resolution, microphone, hear
    """,
    "description": """
        描述, 描述相符, 与描述, 图片, 实物, 照片, 不符, 一样, 不一样, 货不对板, 虚假, 虚假宣传, 宣传, 跟图片, 色差,
        described, as described, not as described, description, advertised, as advertised, false advertising,
        misleading, pictured, photo, photos, expected, expectations, as expected
    """,
}
