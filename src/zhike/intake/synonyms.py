"""What companies call the columns of our contracts, in English and Chinese.

Per table and column two lists: names that can mean nothing else there, and names that often mean it, which need the
values to agree and yield to anything better. Add a name here when a file of yours was not understood.
"""

from __future__ import annotations

# Shared by every table that has the column.
EVERYWHERE: dict[str, tuple[str, str]] = {
    "customer_id": (
        "customer id, cust id, customer no, customer number, customer code, customer key, client id, client no, "
        "user id, buyer id, member id, account id, household id, contact id, shopper id, subscriber id, "
        "customer unique id, customer reference, party id, 客户编号, 客户id, 客户号, 客户编码, 客户代码, 会员编号, "
        "会员id, 会员号, 会员卡号, 用户id, 用户编号, 买家id, 买家会员名, 买家昵称, 买家账号, 顾客编号, 顾客id, "
        "消费者id",
        "customer, client, user, buyer, member, account, household, username, user name, login, 客户, 会员, 用户, "
        "买家, 会员名, 用户名",
    ),
    "order_id": (
        "order id, order no, order number, order nr, order code, orderno, invoice no, invoice id, invoice number, "
        "invoice, basket id, transaction id, transaction no, receipt id, receipt no, receipt number, sales order, "
        "bill no, purchase id, 订单编号, 订单号, 订单id, 单号, 交易号, 交易编号, 小票号, 流水号, 发票号, "
        "购物篮编号, 主订单编号",
        "order, basket, transaction, receipt, 订单",
    ),
    "ordered_at": (
        "ordered at, order date, order time, order datetime, order timestamp, order purchase timestamp, "
        "invoice date, purchase date, purchased at, transaction date, transaction time, transaction timestamp, "
        "sale date, sales date, date of purchase, receipt date, order created at, 订单创建时间, 下单时间, 下单日期, "
        "订单日期, 订单时间, 购买时间, 购买日期, 交易时间, 交易日期, 成交时间, 销售日期, 消费时间, 消费日期",
        "date, datetime, timestamp, created at, created, time, created date, paid at, payment date, payment time, "
        "日期, 时间, 创建时间, 订单付款时间, 付款时间, 支付时间",
    ),
    "country": ("country, country name, country code, nation, 国家, 国家地区, 国别", "geography, 地区国家"),
    "region": (
        "region, state, province, county, state province, 省份, 省, 州, 地区, 区域, 大区, 收货省份, 所在省份",
        "收货地址, 地址",
    ),
    "city": ("city, town, 城市, 市, 所在城市, 收货城市", "suburb, locality"),
    "channel": (
        "channel, sales channel, source channel, contact channel, order channel, 渠道, 来源渠道, 销售渠道, "
        "订单渠道, 沟通渠道, 投放渠道, 进线渠道, 触达渠道",
        "source, medium, platform, 来源, 平台",
    ),
    "store": (
        "store, store id, store name, store no, shop, shop id, shop name, branch, outlet, 门店, 店铺, 门店编号, "
        "店铺名称, 门店名称",
        "",
    ),
    "currency": ("currency, currency code, 币种, 货币", ""),
    "discount": (
        "discount, discount amount, total discount, rebate, 优惠金额, 折扣金额, 优惠, 折扣额, 减免金额",
        "retail disc, disc amount",
    ),
    "refund_of": (
        "refund of, original order id, original order, returned order id, 原订单编号, 原订单号, 退款订单号",
        "",
    ),
    "status": ("", "status, state, 状态"),
    "product": (
        "product, product name, product id, item, 商品, 产品, 商品名称, 产品名称",
        "variation, variant, model, 型号",
    ),
    "category": (
        "category, product category, category name, item category, 类别, 品类, 商品类别, 商品分类, 产品类别, 分类, "
        "类目",
        "department, product type, types, 种类",
    ),
}  # fmt: skip

TABLES: dict[str, dict[str, tuple[str, str]]] = {
    "customers": {
        "customer_id": ("", "id, unique id, rec id, record id, uid, 编号"),
        "name": (
            "name, full name, customer name, client name, contact name, 姓名, 客户姓名, 会员姓名, 客户名称, "
            "真实姓名, 联系人, 收货人姓名",
            "surname, last name, family name, first name, given name, nickname, 昵称, 名字",
        ),
        "company": (
            "company, company name, organisation, organization, employer, 公司, 公司名称, 单位, 企业名称",
            "account, account name",
        ),
        "email": ("email, e mail, mail, email address, e mail address, 邮箱, 电子邮箱, 电子邮件, 邮件地址", ""),
        "phone": (
            "phone, phone number, telephone, tel, mobile, mobile phone, mobile number, cell phone, cellphone, "
            "contact number, contact phone, 手机号, 手机, 手机号码, 电话, 联系电话, 电话号码, 联系手机, 联系方式",
            "",
        ),
        "gender": ("gender, sex, 性别", ""),
        "birth_date": (
            "birth date, birthdate, date of birth, dob, birthday, 出生日期, 生日, 出生年月日, 出生年月",
            "",
        ),
        "birth_year": ("birth year, year birth, year of birth, yob, 出生年份, 出生年", ""),
        "age": ("age, customer age, 年龄, 客户年龄", ""),
        "address": (
            "address, street address, home address, postal address, address line 1, 地址, 详细地址, 联系地址, "
            "收货地址, 家庭住址, 通讯地址",
            "address 1, street",
        ),
        "postcode": ("postcode, postal code, zip, zip code, zipcode, 邮编, 邮政编码", ""),
        "language": ("language, preferred language, locale, 语言", ""),
        "education": ("education, education level, degree, 学历, 教育程度, 受教育程度, 文化程度", ""),
        "occupation": ("occupation, job, job title, profession, 职业, 工作", ""),
        "marital_status": ("marital status, marital, marriage, 婚姻状况, 婚姻, 婚否", ""),
        "income": (
            "income, annual income, yearly income, household income, salary, estimated salary, 收入, 年收入, "
            "家庭收入, 薪资",
            "",
        ),
        "joined_at": (
            "joined at, join date, joined, date joined, dt customer, customer since, member since, "
            "registration date, registered at, register date, signup date, sign up date, enrollment date, "
            "first seen, 加入时间, 注册时间, 注册日期, 入会时间, 入会日期, 开户日期, 开卡日期, 建档日期",
            "created at, created, created date, create time, 创建时间",
        ),
        "tags": ("tags, labels, 标签, 客户标签", ""),
    },
    "orders": {
        "amount": (
            "amount, amount paid, paid amount, payment amount, total paid, net amount, order amount, order total, "
            "order value, total amount, grand total, sales value, sales amount, net sales, revenue, payment value, "
            "买家实际支付金额, 实付金额, 实付款, 实际支付金额, 支付金额, 付款金额, 实收金额, 成交金额, 订单金额, "
            "消费金额, 销售额, 销售金额, 交易金额",
            "total, total price, sales, price, value, spend, spending, dollars, dollar value, 金额, 总金额, 总价, "
            "订单总额, 花费",
        ),
        "listed_amount": (
            "listed amount, list amount, gross amount, gross total, original amount, original price, subtotal, "
            "amount before discount, 总金额, 订单总额, 应付金额, 原价, 商品总额, 订单原价, 买家应付货款",
            "",
        ),
        "refunded": ("refunded, refund, refund amount, amount refunded, 退款金额, 退款, 退货金额", ""),
        "cost": ("cost, cost of goods, cogs, total cost, cost price, 成本, 商品成本, 订单成本", ""),
        "shipping": (
            "shipping, shipping cost, shipping fee, freight, delivery fee, postage, 运费, 邮费, 买家应付邮费",
            "",
        ),
        "tax": ("tax, vat, tax amount, sales tax, gst, 税额, 税费, 税金", ""),
        "status": ("order status, payment status, 订单状态, 交易状态", ""),
        "paid_at": (
            "paid at, payment date, payment time, payment datetime, 订单付款时间, 付款时间, 支付时间, 付款日期",
            "",
        ),
    },
    "order_lines": {
        "order_id": ("", "id"),
        "line_no": (
            "line no, line number, line id, order item id, item no, order line, row id, 行号, 子订单编号, 明细编号",
            "",
        ),
        "product_id": (
            "product id, product code, product no, stock code, sku, sku id, item id, item code, article, "
            "article no, upc, ean, barcode, asin, 商品编号, 商品id, 商品编码, 货号, 产品编号, 商家编码, 条码",
            "",
        ),
        "product_name": (
            "product name, product, product title, item name, item description, product description, description, "
            "goods, goods name, 商品名称, 商品, 产品名称, 宝贝标题, 商品标题, 品名, 货品名称",
            "item, title, name",
        ),
        "quantity": (
            "quantity, qty, units, order quantity, pieces, units sold, 数量, 件数, 购买数量, 商品数量, 销量, "
            "宝贝数量",
            "count",
        ),
        "unit_price": (
            "unit price, price each, price per unit, item price, unit cost price, selling price, 单价, 商品单价, "
            "价格, 售价",
            "price",
        ),
        "amount": (
            "amount, line amount, line total, sales value, sales amount, total amount, net amount, revenue, "
            "extended price, 行金额, 销售额, 销售金额, 实付金额, 支付金额, 小计, 商品金额, 成交金额",
            "total, total price, sales, value, dollars, dollar value, 金额, 总金额, 总价",
        ),
        "cost": ("cost, cost of goods, cogs, unit cost, total cost, 成本, 商品成本", ""),
    },
    "interactions": {
        "interaction_id": (
            "interaction id, event id, activity id, visit id, 互动编号, 事件编号, 事件id, 行为编号",
            "id",
        ),
        "occurred_at": (
            "occurred at, event time, event date, event timestamp, activity date, activity time, visit date, "
            "visit time, interaction date, action time, 发生时间, 事件时间, 行为时间, 访问时间, 互动时间",
            "timestamp, date, datetime, time, created at, 时间, 日期, 创建时间",
        ),
        "kind": (
            "event, event type, event name, action, activity, activity type, behavior, behaviour, behavior type, "
            "behaviour type, interaction type, 互动类型, 事件类型, 事件, 行为, 行为类型, 动作",
            "type, kind, 类型",
        ),
        "subject": ("subject, object, page, page url, url, 对象, 页面", "product id, item id, 商品id, 商品编号"),
        "value": ("event value, 数值", "value, duration"),
        "session_id": ("session id, session, user session, 会话编号, 会话id", ""),
    },
    "tickets": {
        "ticket_id": (
            "ticket id, ticket no, ticket number, ticket, case id, case number, case no, complaint id, incident id, "
            "工单编号, 工单号, 工单id, 投诉编号, 服务单号",
            "",
        ),
        "opened_at": (
            "opened at, open date, opened, ticket created, ticket date, date received, received date, submitted at, "
            "created date, created at, creation date, date created, 创建时间, 工单创建时间, 提交时间, 受理时间, "
            "投诉时间, 建单时间",
            "created, date, timestamp, 日期, 时间",
        ),
        "closed_at": (
            "closed at, closed date, close date, date closed, resolved at, resolved date, resolution date, "
            "solved at, 关闭时间, 解决时间, 完结时间, 结单时间",
            "closed, resolved",
        ),
        "kind": (
            "ticket type, case type, issue type, request type, complaint type, 工单类型, 问题类型, 投诉类型",
            "type, issue, 类型",
        ),
        "priority": ("priority, ticket priority, severity, urgency, 优先级, 紧急程度", ""),
        "status": ("ticket status, case status, 工单状态, 处理状态", ""),
        "channel": ("ticket channel, submitted via", ""),
        "agent": (
            "agent, assigned agent, assignee, assigned to, agent name, support agent, owner, 客服, 处理人, 受理人, "
            "坐席, 客服人员",
            "",
        ),
        "subject": (
            "subject, ticket subject, summary, 主题, 工单主题, 工单标题, 标题",
            "title, description, 问题描述",
        ),
        "first_response_hours": (
            "first response hours, first response time hours, first reply hours, first response time in hours, "
            "首次响应时长",
            "",
        ),
        "resolution_hours": (
            "resolution hours, resolution time hours, time to resolution hours, resolution time in hours, 解决时长, "
            "处理时长",
            "",
        ),
        "csat": (
            "csat, csat score, satisfaction, satisfaction score, satisfaction rating, customer satisfaction, "
            "customer satisfaction rating, 满意度, 满意度评分, 满意度得分",
            "rating, score, 评分",
        ),
        "cost": ("cost, cost to serve, handling cost, 服务成本", ""),
    },
    "feedback": {
        "feedback_id": (
            "feedback id, review id, response id, survey id, answer id, comment id, 反馈编号, 评价编号, 评论id, "
            "问卷编号",
            "id",
        ),
        "given_at": (
            "given at, review date, review time, response date, survey date, feedback date, submitted at, "
            "answered at, 反馈时间, 评价时间, 评论时间, 填写时间, 提交时间",
            "date, timestamp, created at, time, 日期, 时间, 创建时间",
        ),
        "nps": (
            "nps, nps score, likelihood to recommend, recommend score, would recommend, 推荐意愿, 推荐度, 推荐分",
            "",
        ),
        "csat": (
            "csat, csat score, satisfaction, satisfaction score, rating, stars, star rating, review score, 满意度, "
            "满意度评分, 评分, 星级, 打分",
            "score, 得分",
        ),
        "text": (
            "text, review, review text, review body, comment, comments, comment text, verified reviews, content, "
            "review content, feedback text, review comment message, 反馈内容, 评论, 评价, 评论内容, 评价内容, 留言, "
            "内容, 意见",
            "feedback, message, body, opinion, 反馈",
        ),
        "positive": (
            "positive, is positive, sentiment, sentiment label, 是否好评, 情感, 情感标签, 好评",
            "label, feedback, polarity, 标签",
        ),
        "topic": ("topic, theme, aspect, 主题, 话题", "subject, category"),
    },
    "touches": {
        "touch_id": ("touch id, message id, send id, delivery id, 触达编号, 消息编号, 发送编号", "id"),
        "touched_at": (
            "touched at, sent at, send date, send time, sent date, contact date, delivered at, redemption date, "
            "触达时间, 发送时间, 发送日期, 投放时间, 接触时间",
            "date, timestamp, time, 时间, 日期",
        ),
        "campaign": ("campaign, campaign id, campaign name, 营销活动, 活动, 活动名称, 活动编号, 活动id", ""),
        "kind": ("touch type, message type, 触达类型, 消息类型", "type, status, 类型"),
        "offer": ("offer, offer id, coupon, coupon id, coupon code, coupon upc, 优惠, 优惠券, 优惠券编号, 券码", ""),
        "cost": ("cost, send cost, 成本, 发送成本", ""),
        "hold_out": ("hold out, holdout, control, control group, is control, 对照组, 是否对照组", ""),
    },
}  # fmt: skip
